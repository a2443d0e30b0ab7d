import { formatTimestamp } from '../clock.ts'
import type { RunDefinition, Step } from '../definitions/workflow.ts'
import { concludeRun, outcomeOf } from './conclude.ts'
import type { Board, Entry, RunInput, RunPlan } from './plan/board.ts'
import { createBoard, entriesOf, finishBoard, nothingToDo } from './plan/board.ts'
import { cancelSteps } from './plan/cancel-steps.ts'
import { nextDeadlineMs } from './plan/deadlines.ts'
import { failFast } from './plan/fail-fast.ts'
import { runFinally } from './plan/finally.ts'
import { cancelOutcome, decideHalt, haltSteps } from './plan/halt.ts'
import { observe } from './plan/observe.ts'
import { relabelJobs } from './plan/relabel.ts'
import { heldJobs, releaseJobs } from './plan/release.ts'
import { settle } from './plan/settle.ts'
import { start } from './plan/start.ts'
import { layOutUndos, runUndos } from './plan/undo.ts'
import { carriedOr } from './plan/carry-over.ts'
import type { RunSpec, RunStatus, StepKind, StepStatus } from './run.ts'

/** Plans a run: pure, so that the same function serves the controller, the simulator and the tests. */
export function planRun(input: RunInput): RunPlan {
  const { run, jobs } = input
  if (run.status?.phase === 'Finished') return { ...nothingToDo(run.status), release: heldJobs(run, jobs) }
  const board = createBoard(input)
  const { plan } = board
  for (const entry of board.entries) observe(board, entry)
  relabelJobs(board)
  advance(board)
  finishBoard(board)
  releaseJobs(board)
  if (board.plan.status.phase !== 'Finished') plan.requeueAtMs = plan.storeFirst ? board.nowMs : nextDeadlineMs(board)
  return plan
}

/** The state in which a run begins: every step waits, but for what it takes over from another run. */
export function initialSteps(definition: RunDefinition, spec?: Pick<RunSpec, 'carriedOver' | 'rerunOf'>): StepStatus[] {
  const waiting = (step: Step, kind: StepKind): StepStatus =>
    carriedOr({ name: step.name, kind, state: 'Waiting', attempts: [] }, spec ?? { rerunOf: null })
  return [...definition.steps.map((step) => waiting(step, kindOf(step))), ...definition.finally.map((step) => waiting(step, 'Finally'))]
}

function kindOf({ work }: Step): StepKind {
  return work.kind === 'Join' || work.kind === 'Approval' ? work.kind : 'Step'
}

/** Moves the run on: ends, cancels, starts, concludes. */
function advance(board: Board): void {
  const { status } = board.plan
  if (status.outcome === undefined) {
    if (!runSteps(board)) return
    status.outcome = { ...outcomeOf(board), decidedAt: formatTimestamp(board.nowMs) }
    layOutUndos(board)
  }
  cancelOutcome(board)
  if (!runUndos(board, entriesOf(board, 'Undo')) || !runFinally(board)) return
  const end = concludeRun(status.outcome, entriesOf(board, 'Undo'), entriesOf(board, 'Finally'))
  Object.assign(status, end, { phase: 'Finished', finishedAt: formatTimestamp(board.nowMs) } satisfies Partial<RunStatus>)
}

/** Moves the steps on; returns whether all have ended. */
function runSteps(board: Board): boolean {
  const entriesNow = (): Entry[] => entriesOf(board, 'Step', 'Join', 'Approval')
  // What needs no Job comes first: a pass before a crash may have gone on from it already.
  settle(board, entriesNow)
  decideHalt(board, entriesNow())
  const { halt } = board.plan.status
  if (halt !== undefined) haltSteps(board, entriesNow(), { ...halt, result: 'Cancelled' })
  cancelSteps(board, entriesNow())
  start(board, entriesNow, (entries) => failFast(board, entries))
  return entriesNow().every(({ status }) => status.state === 'Ended')
}
