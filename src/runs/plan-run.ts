import { formatTimestamp } from '../clock.ts'
import type { RunDefinition, Step } from '../definitions/workflow.ts'
import { concludeRun, outcomeOf } from './conclude.ts'
import type { Board, RunInput, RunPlan } from './plan/board.ts'
import { createBoard, entriesOf, finishBoard } from './plan/board.ts'
import { cancelSteps } from './plan/cancel-steps.ts'
import { nextDeadlineMs } from './plan/deadlines.ts'
import { failFast } from './plan/fail-fast.ts'
import { runFinally } from './plan/finally.ts'
import { decideHalt, haltSteps } from './plan/halt.ts'
import { observe } from './plan/observe.ts'
import { releaseJobs } from './plan/release.ts'
import { settle } from './plan/settle.ts'
import { start } from './plan/start.ts'
import type { StepStatus } from './run.ts'

/** Plans a run: pure, so that the same function serves the controller, the simulator and the tests. */
export function planRun(input: RunInput): RunPlan {
  const board = createBoard(input)
  const { plan } = board
  releaseJobs(board)
  if (plan.status.phase === 'Finished') return plan
  for (const entry of board.entries) observe(board, entry)
  advance(board)
  finishBoard(board)
  if (board.plan.status.phase !== 'Finished') plan.requeueAtMs = nextDeadlineMs(board)
  return plan
}

/** The state in which a run begins: every step waits. */
export function initialSteps(definition: RunDefinition): StepStatus[] {
  const waiting = (kind: StepStatus['kind']) => (step: Step) =>
    ({ name: step.name, kind: kind === 'Step' && step.work.kind === 'Join' ? 'Join' : kind, state: 'Waiting', attempts: [] }) satisfies StepStatus
  return [...definition.steps.map(waiting('Step')), ...definition.finally.map(waiting('Finally'))]
}

/** Moves the run on: ends, cancels, starts, concludes. */
function advance(board: Board): void {
  const { status } = board.plan
  if (status.outcome === undefined) {
    if (!runSteps(board)) return
    status.outcome = { ...outcomeOf(board), decidedAt: formatTimestamp(board.nowMs) }
  }
  if (!runFinally(board, entriesOf(board, 'Finally'))) return
  Object.assign(status, concludeRun(status.outcome, entriesOf(board, 'Finally')), { phase: 'Finished', finishedAt: formatTimestamp(board.nowMs) })
}

/** Moves the steps on; returns whether all have ended. */
function runSteps(board: Board): boolean {
  const entries = entriesOf(board, 'Step', 'Join', 'Approval')
  // What needs no Job comes first: a pass before a crash may have gone on from it already.
  settle(board, entries)
  decideHalt(board, entries)
  const { halt } = board.plan.status
  if (halt !== undefined) haltSteps(board, entries, { ...halt, result: 'Cancelled' })
  cancelSteps(board, entries)
  failFast(board, entries)
  start(board, entries)
  return entries.every(({ status }) => status.state === 'Ended')
}
