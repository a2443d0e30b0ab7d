import { formatTimestamp } from '../../clock.ts'
import type { RunDefinition, Step } from '../../definitions/workflow.ts'
import { jobName } from '../names.ts'
import type { Job, JobObservation, StoredJob } from '../objects.ts'
import { isOwnJob } from '../render-job.ts'
import type { RunStatus, StepKind, StepStatus, StepStop, StoredRun } from '../run.ts'
import { stepKey } from '../step-key.ts'

/**
 * What to do next for a run, and what is now known of it. Apply in this order: read the logs into the status, create the Jobs,
 * write the status, then stop and release: so a reason is kept before it acts, and a result before the Job that proves it may go.
 */
export interface RunPlan {
  status: RunStatus
  /** Steps whose log's tail belongs into `status`; read before anything makes it go. */
  readLogs: { step: StepStatus; job: StoredJob }[]
  create: { step: StepStatus; job: Job }[]
  stop: StoredJob[]
  /** Their results are in the stored Run already. */
  release: StoredJob[]
  /** When to look again even if nothing happens; null when only an event can change something. */
  requeueAtMs: number | null
  /** A step could start but for the limit on active steps. */
  waitsForSlot: boolean
}

/** What the plan of a run is made from. */
export interface RunInput {
  /** With `status.definition`. */
  run: StoredRun
  jobs: readonly JobObservation[]
  nowMs: number
  /** How many steps may become active in this pass. */
  freeSlots: number
}

/** One step of a run, or one expansion of a step, while a pass goes over it. */
export interface Entry {
  /** The pass's own copy: fields are set, never changed inside. */
  status: StepStatus
  step: Step
  /** What the cluster shows of its Job; null when no Job of ours is there. */
  observation: JobObservation | null
}

/** What all policies of one pass work on: they read entries and the time, and write into the entries and the plan. */
export interface Board {
  input: RunInput
  run: StoredRun
  definition: RunDefinition
  nowMs: number
  plan: RunPlan
  /** Steps with their expansions, then undos behind their steps, then `finally`: the order of the status. */
  entries: Entry[]
  /** By the name that the definition has for them. */
  byStep: Map<string, Entry[]>
}

/** Lays out a run for a pass. Throws TypeError when it has no definition yet. */
export function createBoard(input: RunInput): Board {
  const { run } = input
  const { status } = run
  if (status?.definition === undefined) throw new TypeError(`run ${run.metadata.name} has no definition yet`)
  const { definition } = status
  const observed = new Map(input.jobs.map((observation) => [observation.job.metadata.name, observation]))
  const steps = new Map([...definition.steps, ...definition.finally].map((step) => [step.name, step]))
  const entries = status.steps.map((stored): Entry => {
    const step = steps.get(stored.name)
    if (step === undefined) throw new TypeError(`run ${run.metadata.name} has no step ${stored.name} in its definition`)
    return { status: { ...stored }, step, observation: ownJob(run, observed, stored) }
  })
  const board: Board = {
    input,
    run,
    definition,
    nowMs: input.nowMs,
    plan: { status: { ...status }, readLogs: [], create: [], stop: [], release: [], requeueAtMs: null, waitsForSlot: false },
    entries,
    byStep: new Map(),
  }
  indexEntries(board)
  return board
}

/** Puts what the entries have come to into the plan. */
export function finishBoard({ entries, plan }: Board): void {
  plan.status.steps = entries.map(({ status }) => status)
}

/** The entries of these kinds, in the order of the status. */
export function entriesOf(board: Board, ...kinds: readonly StepKind[]): Entry[] {
  return board.entries.filter(({ status }) => kinds.includes(status.kind))
}

/** Ends a step now, or at `finishedAt`. */
export function endStep(board: Board, { status }: Entry, end: Pick<StepStatus, 'result' | 'reason' | 'message'>): void {
  Object.assign(status, { state: 'Ended', ...end, finishedAt: formatTimestamp(board.nowMs) } satisfies Partial<StepStatus>)
}

/** Tells a running step to end, and keeps why. */
export function stopEntry({ plan }: Board, { status, observation }: Entry, stop: StepStop): void {
  Object.assign(status, { state: 'Stopping', stop } satisfies Partial<StepStatus>)
  if (observation === null) return
  plan.stop.push(observation.job)
  if (stop.result === 'Failed') readLog(plan, status, observation.job)
}

/** Notes that the log of a step is wanted, once. */
export function readLog(plan: RunPlan, step: StepStatus, job: StoredJob): void {
  if (step.log === undefined && !plan.readLogs.some((one) => one.step === step)) plan.readLogs.push({ step, job })
}

/** How many Jobs are active, those that this pass makes included. */
export function activeCount({ entries, plan }: Board): number {
  return entries.filter(({ status }) => status.state === 'Running' || status.state === 'Stopping').length + plan.create.length
}

function indexEntries({ entries, byStep }: Board): void {
  for (const entry of entries) {
    if (entry.status.kind === 'Undo') continue
    const found = byStep.get(entry.step.name)
    if (found === undefined) byStep.set(entry.step.name, [entry])
    else found.push(entry)
  }
}

function ownJob(run: StoredRun, observed: ReadonlyMap<string, JobObservation>, step: StepStatus): JobObservation | null {
  if (observed.size === 0) return null
  const observation = observed.get(jobName(run.metadata.name, stepKey(step)))
  return observation !== undefined && isOwnJob(run, observation.job) ? observation : null
}
