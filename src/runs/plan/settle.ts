import { formatTimestamp } from '../../clock.ts'
import type { Ended, Readiness } from '../dependencies.ts'
import { readinessOf } from '../dependencies.ts'
import { settleApproval } from './approve.ts'
import type { Board, Entry } from './board.ts'
import { endStep } from './board.ts'
import { expandStep } from './expand.ts'
import { conditionOf, failExpression } from './expressions.ts'

/**
 * Does what needs no Job, until nothing changes, since each may free others in the same pass: ends joins and approvals, skips what can
 * never be or is not wanted, expands. `entriesNow` gives the entries anew after each expansion.
 */
export function settle(board: Board, entriesNow: () => readonly Entry[]): void {
  while (entriesNow().some((entry) => settleOne(board, entry)));
}

/** Whether its dependencies let a step start. */
export function readinessIn(board: Board, { step }: Entry): Readiness {
  return readinessOf(step.dependsOn, (name) => (board.byStep.get(name) ?? []).map(endOf))
}

/** Returns whether anything has changed. */
function settleOne(board: Board, entry: Entry): boolean {
  const { status, step } = entry
  if (step.work.kind === 'Approval' && status.state === 'Running') return settleApproval(board, entry)
  if (status.state !== 'Waiting') return false
  const readiness = readinessIn(board, entry)
  switch (readiness.kind) {
    case 'Waits':
      return false
    case 'NeverReady': {
      const { step: name, when } = readiness.blockedBy
      const ends = new Set((board.byStep.get(name) ?? []).map((other) => other.status.result ?? 'otherwise'))
      endStep(board, entry, { result: 'Skipped', reason: 'DependencyNotMet', message: `${name} ended ${[...ends].join(', ')}, wanted ${when}` })
      return true
    }
    case 'Ready':
      // The expansions of a step have passed its condition.
      return status.name === step.name ? settleReady(board, entry) : false
  }
}

function settleReady(board: Board, entry: Entry): boolean {
  const { status, step } = entry
  const condition = conditionOf(board, entry)
  if (condition.kind === 'Failed') {
    failExpression(board, entry, 'if', condition.message)
    return true
  }
  if (!condition.value) {
    endStep(board, entry, { result: 'Skipped', reason: 'ConditionFalse', message: 'its condition is false' })
    return true
  }
  if (step.work.kind === 'Approval') return settleApproval(board, entry)
  if (step.work.kind !== 'Join') return step.expansion === null ? false : expandStep(board, entry)
  // A `finally` step that has begun has a Job: see stepJob.
  if (status.kind === 'Join') status.startedAt = formatTimestamp(board.nowMs)
  endStep(board, entry, { result: 'Succeeded' })
  return true
}

function endOf({ status, step }: Entry): Ended | null {
  if (status.state !== 'Ended' || status.result === undefined) return null
  return { result: status.result, allowFailure: step.allowFailure }
}
