import type { CrashPoint } from '../../src/crash-points.ts'
import { GitError } from '../../src/git/ports.ts'
import type { SeededRandom } from '../../src/simulation/seeded-random.ts'

/** What happens to one call of a port on its way to the world and back. Delays in ms of virtual time. */
export interface CallFate {
  sendMs: number
  /** The call has no effect and fails with it. */
  failBefore: Error | null
  /** The call has its effect and fails with it all the same. */
  failAfter: Error | null
  answerMs: number
  /** Whether a request that is on its way when its sender dies still has its effect. */
  outlivesSender: boolean
}

/** How often what goes wrong; probabilities per call. */
export interface FaultRates {
  delayed: number
  failBefore: number
  failAfter: number
  crashAtWrite: number
  /** Somebody else writes to the status branch just before us. */
  raced: number
  /** The remote refuses a commit on the status branch by a rule of its own. */
  refused: number
  eventLost: number
  eventDoubled: number
}

/** Decides, by its seed alone, what goes wrong. */
export interface Faults {
  fateOf(port: Port, method: string): CallFate
  /** Whether the process stops at this write, and when. */
  crashAt(point: CrashPoint): 'Before' | 'After' | null
  /** Delays at which a subscriber hears of an event. */
  eventDelays(): number[]
  /** What the remote does with a commit on the status branch: takes it, first takes one of somebody else, or says no. */
  fateOfPush(): 'Taken' | 'Raced' | GitError
  /** From now on nothing goes wrong any more. */
  stop(): void
  /** While true, nothing reaches the git remote. */
  gitDown: boolean
}

export type Port = 'runs' | 'jobs' | 'source' | 'status'

/** Rates of a world in which all is well. */
export const NO_FAULTS: FaultRates = { delayed: 0, failBefore: 0, failAfter: 0, crashAtWrite: 0, raced: 0, refused: 0, eventLost: 0, eventDoubled: 0 }

/** Longest time that a request is on its way; shorter than any restart takes, so that two lives never overlap by more than that. */
const LONGEST_SEND_MS = 400

/** Faults at these rates. */
export function createFaults(random: SeededRandom, rates: FaultRates): Faults {
  const calls = random.fork('calls')
  const crashes = random.fork('crashes')
  const events = random.fork('events')
  const pushes = random.fork('pushes')
  let current = rates
  return {
    gitDown: false,
    fateOf(port, method) {
      const fate: CallFate = { sendMs: 0, failBefore: null, failAfter: null, answerMs: 0, outlivesSender: true }
      const isGit = port === 'source' || port === 'status'
      if (isGit && this.gitDown) return { ...fate, failBefore: faultOf(port, method) }
      const draw = calls.fraction()
      if (draw < current.failBefore) fate.failBefore = faultOf(port, method)
      else if (draw < current.failBefore + current.failAfter) fate.failAfter = faultOf(port, method)
      if (calls.fraction() < current.delayed) {
        fate.sendMs = calls.integer(0, LONGEST_SEND_MS)
        fate.answerMs = calls.chance(0.5) ? calls.integer(0, 2_000) : 0
        fate.outlivesSender = calls.chance(0.7)
      }
      return fate
    },
    crashAt() {
      const draw = crashes.fraction()
      if (draw >= current.crashAtWrite) return null
      return draw < current.crashAtWrite / 2 ? 'Before' : 'After'
    },
    eventDelays() {
      const draw = events.fraction()
      const delayMs = events.chance(0.2) ? events.integer(0, 3_000) : events.integer(0, 20)
      if (draw < current.eventLost) return []
      return draw < current.eventLost + current.eventDoubled ? [delayMs, delayMs + events.integer(0, 1_000)] : [delayMs]
    },
    fateOfPush() {
      if (pushes.chance(current.raced)) return 'Raced'
      return pushes.chance(current.refused) ? refusalOf(pushes) : 'Taken'
    },
    stop() {
      current = NO_FAULTS
      this.gitDown = false
    },
  }
}

/** Whether it is one of ours. */
export function isFault(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith(PREFIX)
}

const PREFIX = 'simulated: '

function refusalOf(random: SeededRandom): GitError {
  const kind = random.chance(0.5) ? 'BranchProtected' : 'PushRefused'
  return new GitError(kind, `${PREFIX}the remote says no to a push`)
}

function faultOf(port: Port, method: string): Error {
  const message = `${PREFIX}no answer to ${method}`
  return port === 'source' || port === 'status' ? new GitError('Unreachable', message) : new Error(message)
}
