import { formatTimestamp } from '../../clock.ts'
import type { Evaluated } from '../../definitions/expressions/language.ts'
import type { WorkflowFacts } from '../../definitions/expressions/scope.ts'
import type { RunDefinition, Step } from '../../definitions/workflow.ts'
import { jobName } from '../names.ts'
import type { Job, JobObservation, StoredJob } from '../objects.ts'
import { isOwnJob, namespaceOf } from '../render-job.ts'
import type { RunStatus, StepKind, StepStatus, StepStop, StoredRun } from '../run.ts'
import type { StepBounds } from '../observe-step.ts'
import type { RunExpressions } from '../run-values.ts'
import type { ExpansionValue } from './expand.ts'
import { isActive, stepKey, stepOfExpansion } from '../step-key.ts'

/**
 * What to do next for a run, and what is now known of it. Apply in this order: read the logs into the status, create the Jobs,
 * write the status, then stop and release: so a reason is kept before it acts, and a result before the Job that proves it may go.
 */
export interface RunPlan {
  status: RunStatus
  /** Steps whose log's tail belongs into `status`; read before anything makes it go. */
  readLogs: { step: StepStatus; job: StoredJob }[]
  create: { step: StepStatus; job: Job; timeoutSeconds: number | null; startTimeoutSeconds: number | null }[]
  /** Labels that were put on the Run since these Jobs were made. */
  relabel: { job: StoredJob; labels: Record<string, string> }[]
  /** Everything that is to end. Who has told them already need not do it again; after a crash nobody knows who has. */
  stop: StoredJob[]
  /** Their results are in `status`. */
  release: StoredJob[]
  /** The status is to be stored before anything else is planned: nothing is created in this pass, and the next follows at once. */
  storeFirst: boolean
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
  expressions: RunExpressions
}

/** One step of a run, or one expansion of a step, while a pass goes over it. */
export interface Entry {
  /** The pass's own copy, but for what has ended: fields are set, never changed inside. */
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
  /** By the name that the definition has for them, undos left out. */
  byStep: Map<string, Entry[]>
  /** What the cluster shows, by the name of the Job. */
  observed: ReadonlyMap<string, JobObservation>
  /** Steps whose Jobs this pass makes. */
  created: Set<StepStatus>
  /** What all results of the run come to, once this pass has counted them. */
  resultBytes: number | null
  /** What expressions may know of the workflow, once this pass has worked it out. */
  facts: WorkflowFacts | null
  /** What the expansions of a step stand for, once this pass has worked it out. */
  expansions: Map<string, Evaluated<ExpansionValue[]>>
}

/** A plan that leaves the run as it is. */
export function nothingToDo(status: RunStatus): RunPlan {
  return {
    status: { ...status },
    readLogs: [],
    create: [],
    relabel: [],
    stop: [],
    release: [],
    requeueAtMs: null,
    storeFirst: false,
    waitsForSlot: false,
  }
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
    const step = steps.get(stored.name) ?? steps.get(stepOfExpansion(stored.name))
    if (step === undefined) throw new TypeError(`run ${run.metadata.name} has no step ${stored.name} in its definition`)
    // What has ended stays as it is, of many steps most.
    return { status: stored.state === 'Ended' ? stored : { ...stored }, step, observation: ownJob(run, step, observed, stored) }
  })
  const board: Board = {
    input,
    run,
    definition,
    nowMs: input.nowMs,
    plan: nothingToDo(status),
    entries,
    byStep: new Map(),
    observed,
    created: new Set(),
    resultBytes: null,
    facts: null,
    expansions: new Map(),
  }
  indexEntries(board)
  return board
}

/** Puts what the entries have come to into the plan. */
export function finishBoard({ entries, plan }: Board): void {
  plan.status.steps = entries.map(({ status }) => status)
}

/** Puts entries in the place of others, and takes what the cluster shows of them over. */
export function replaceEntries(board: Board, place: Entry, by: Entry[]): void {
  board.entries.splice(board.entries.indexOf(place), 1, ...by)
  indexEntries(board)
}

/** An entry for a step that was not in the stored status. A pass before a crash may have made its Job. */
export function newEntry(board: Board, status: StepStatus, step: Step): Entry {
  return { status, step, observation: ownJob(board.run, step, board.observed, status) }
}

/** The limits of a step, and what it is to leave; an undo leaves nothing. */
export function boundsOf({ status, step }: Entry): Omit<StepBounds, 'nowMs'> {
  const { timeoutSeconds, startTimeoutSeconds, results } = step
  return { timeoutSeconds, startTimeoutSeconds, results: status.kind === 'Undo' ? {} : results }
}

/** Whether a step is a Job: joins and approvals are none, but an undo always is. */
export function hasJob({ status, step }: Entry): boolean {
  return status.kind === 'Undo' || (step.work.kind !== 'Join' && step.work.kind !== 'Approval')
}

/** The entries of these kinds, in the order of the status. */
export function entriesOf(board: Board, ...kinds: readonly StepKind[]): Entry[] {
  return board.entries.filter(({ status }) => kinds.includes(status.kind))
}

/** Ends a step now, or at `finishedAt`. */
export function endStep(board: Board, { status }: Entry, end: Pick<StepStatus, 'result' | 'reason' | 'message'>): void {
  Object.assign(status, { state: 'Ended', ...end, finishedAt: formatTimestamp(board.nowMs) } satisfies Partial<StepStatus>)
}

/** Leaves out the Job that this pass was to make. */
export function unplan({ plan, created }: Board, { status }: Entry): void {
  if (created.delete(status)) plan.create = plan.create.filter(({ step }) => step !== status)
}

/** Tells a running step to end, and keeps why. */
export function stopEntry(board: Board, entry: Entry, stop: StepStop): void {
  const { plan } = board
  const { status, observation } = entry
  Object.assign(status, { state: 'Stopping', stop } satisfies Partial<StepStatus>)
  // An approval has no Job to wait for.
  if (observation === null) return endStep(board, entry, stop)
  plan.stop.push(observation.job)
  if (stop.result === 'Failed') readLog(plan, status, observation.job)
}

/** Notes that the log of a step is wanted, once. */
export function readLog(plan: RunPlan, step: StepStatus, job: StoredJob): void {
  if (step.log === undefined && !plan.readLogs.some((one) => one.step === step)) plan.readLogs.push({ step, job })
}

/** How many Jobs are active, those that this pass makes included. */
export function activeCount({ entries, plan }: Board): number {
  return entries.filter(({ status }) => isActive(status)).length + plan.create.length
}

function indexEntries({ entries, byStep }: Board): void {
  byStep.clear()
  for (const entry of entries) {
    if (entry.status.kind === 'Undo') continue
    const found = byStep.get(entry.step.name)
    if (found === undefined) byStep.set(entry.step.name, [entry])
    else found.push(entry)
  }
}

/** The Job of a step; one that somebody has made in a namespace where the step has none is not it. */
function ownJob(run: StoredRun, step: Step, observed: ReadonlyMap<string, JobObservation>, status: StepStatus): JobObservation | null {
  if (observed.size === 0) return null
  const observation = observed.get(jobName(run.metadata.name, stepKey(status)))
  if (observation === undefined || !isOwnJob(run, observation.job)) return null
  const { namespace } = observation.job.metadata
  return namespace === run.metadata.namespace || namespace === namespaceOf(run, step) ? observation : null
}
