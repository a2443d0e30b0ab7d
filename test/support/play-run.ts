import { createExpressionLanguage } from '../../src/definitions/expressions/language.ts'
import type { Job, JobObservation, Pod, StoredJob } from '../../src/runs/objects.ts'
import { FINALIZER } from '../../src/runs/objects.ts'
import { planRun } from '../../src/runs/plan-run.ts'
import type { RunPlan } from '../../src/runs/plan/board.ts'
import type { RunExpressions } from '../../src/runs/run-values.ts'
import type { RunSpec, StoredRun } from '../../src/runs/run.ts'
import { stepKey } from '../../src/runs/step-key.ts'
import { NOON } from './builders.ts'

/** How a Job ends: with the exit code of each of its pods, or never; and what its last pod leaves as results. */
export interface Outcome {
  exitCodes?: number[]
  results?: string
  lasts?: boolean
  /** Its pod never starts, for this reason. */
  blocked?: string
}

/** What a play is made of. */
export interface Play {
  run: StoredRun
  /** By stepKey; steps that are not named succeed. */
  outcomes?: (key: string) => Outcome
  /** All open Jobs end at once, which makes fewer passes. */
  endTogether?: boolean
  /** What people do once they see the run like this; asked again after everything that happens. */
  act?: (run: StoredRun) => Partial<RunSpec> | null
  /** What happens when so many Jobs have ended by themselves; `isLate`: once the steps have ended. */
  happenings?: { afterEnds: number; spec?: Partial<RunSpec>; passMs?: number; isLate?: boolean }[]
}

/** What came of a play. */
export interface Played {
  run: StoredRun
  /** stepKeys in the order in which their Jobs were made. */
  started: string[]
  passes: number
}

/** Settings of expressions for tests. */
export const EXPRESSIONS: RunExpressions = { language: createExpressionLanguage(), vars: { environment: 'test' }, branch: 'main' }

/** Plays a run to its end on the planner alone. Jobs end one after the other, in the order in which they were made. Throws when the run hangs. */
export function playRun({ run, outcomes = () => ({}), happenings = [], act = () => null, endTogether = false }: Play): Played {
  const jobs: { key: string; observation: JobObservation }[] = []
  const started: string[] = []
  const pending = [...happenings].sort((one, other) => one.afterEnds - other.afterEnds)
  let nowMs = NOON
  let current = run
  let ends = 0
  for (let passes = 1; passes < 10_000; passes++) {
    const plan = planRun({ run: current, jobs: jobs.map(({ observation }) => observation), nowMs, freeSlots: 1000, expressions: EXPRESSIONS })
    apply(plan, jobs, started, nowMs, outcomes)
    current = { ...current, status: plan.status }
    if (plan.status.phase === 'Finished') return { run: current, started, passes }
    if (plan.storeFirst || plan.create.length > 0 || plan.stop.length > 0) continue
    const change = act(current)
    if (change !== null) {
      current = { ...current, spec: { ...current.spec, ...change } }
      continue
    }
    const due = pending[0]
    if (due !== undefined && due.afterEnds <= ends && (current.status?.outcome === undefined) === (due.isLate !== true)) {
      pending.shift()
      nowMs += due.passMs ?? 0
      current = { ...current, spec: { ...current.spec, ...due.spec } }
      continue
    }
    nowMs += 1000
    const open = jobs.filter(({ key, observation }) => isOpen(observation) && outcomes(key).lasts !== true)
    const ending = endTogether ? open : open.slice(0, 1)
    for (const { key, observation } of ending) end(observation, outcomes(key), nowMs)
    ends += ending.length
    if (ending.length > 0) continue
    if (plan.requeueAtMs === null) throw new Error(`the run hangs: ${JSON.stringify(plan.status.steps)}`)
    nowMs = Math.max(nowMs, plan.requeueAtMs)
  }
  throw new Error('the run does not end')
}

function apply(
  plan: RunPlan,
  jobs: { key: string; observation: JobObservation }[],
  started: string[],
  nowMs: number,
  outcomes: NonNullable<Play['outcomes']>,
): void {
  for (const { step, job } of plan.create) {
    const key = stepKey(step)
    started.push(key)
    jobs.push({ key, observation: { job: stored(job, nowMs), pods: [aPod(job, 0, begun(outcomes(key)), nowMs)] } })
  }
  for (const job of plan.stop) {
    const found = jobs.find(({ observation }) => observation.job.metadata.uid === job.metadata.uid)?.observation
    if (found === undefined) continue
    found.job = { ...found.job, metadata: { ...found.job.metadata, deletionTimestamp: new Date(nowMs).toISOString() } }
    found.pods = found.pods.map((pod) => (pod.status.phase === 'Running' || pod.status.phase === 'Pending' ? ended(pod, 143, '', nowMs) : pod))
  }
  for (const job of plan.release) {
    const found = jobs.findIndex(({ observation }) => observation.job.metadata.uid === job.metadata.uid)
    if (found >= 0) jobs.splice(found, 1)
  }
}

function begun({ blocked }: Outcome): Pod['status'] {
  if (blocked === undefined) return { phase: 'Running' }
  return { phase: 'Pending', containerStatuses: [{ name: 'step', state: { waiting: { reason: blocked, message: 'so it is' } } }] }
}

function isOpen({ job, pods }: JobObservation): boolean {
  return job.metadata.deletionTimestamp === undefined && pods.some((pod) => pod.status.phase === 'Running')
}

function end(observation: JobObservation, { exitCodes = [0], results = '' }: Outcome, nowMs: number): void {
  const pods = exitCodes.map((code, index) => {
    const pod = aPod(observation.job, index, { phase: 'Running' })
    return ended(pod, code, results, nowMs)
  })
  const last = exitCodes.at(-1) ?? 0
  const condition = { status: 'True' as const, message: '', lastTransitionTime: new Date(nowMs).toISOString() }
  observation.pods = pods
  observation.job = {
    ...observation.job,
    status: {
      conditions: [
        last === 0 ? { type: 'Complete', reason: 'Done', ...condition } : { type: 'Failed', reason: 'BackoffLimitExceeded', ...condition },
      ],
    },
  }
}

function ended(pod: Pod, exitCode: number, message: string, nowMs: number): Pod {
  const at = new Date(nowMs).toISOString()
  const terminated = { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', message, startedAt: at, finishedAt: at }
  return { ...pod, status: { phase: exitCode === 0 ? 'Succeeded' : 'Failed', containerStatuses: [{ name: 'step', state: { terminated } }] } }
}

function stored(job: Job, nowMs: number): StoredJob {
  const metadata = { ...job.metadata, finalizers: [FINALIZER], uid: `uid-of-${job.metadata.name}`, resourceVersion: '1' }
  return { ...job, metadata: { ...metadata, creationTimestamp: new Date(nowMs).toISOString() } }
}

function aPod(job: Job, index: number, status: Pod['status'], nowMs = NOON): Pod {
  const name = `${job.metadata.name}-${index}`
  return { metadata: { name, namespace: 'default', uid: name, resourceVersion: '1', creationTimestamp: new Date(nowMs).toISOString() }, status }
}
