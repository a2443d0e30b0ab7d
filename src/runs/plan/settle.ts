import { formatTimestamp } from '../../clock.ts'
import type { Ended, Readiness } from '../dependencies.ts'
import { readinessOf } from '../dependencies.ts'
import type { StepStatus } from '../run.ts'
import type { Board, Entry } from './board.ts'
import { endStep } from './board.ts'

/** Ends joins that are ready and skips what never can be, until nothing changes: each may free others in the same pass. */
export function settle(board: Board, entries: readonly Entry[]): void {
  while (entries.some((entry) => entry.status.state === 'Waiting' && settleOne(board, entry)));
}

/** Whether its dependencies let a step start. */
export function readinessIn(board: Board, { step }: Entry): Readiness {
  return readinessOf(step.dependsOn, (name) => (board.byStep.get(name) ?? []).map(endOf))
}

/** Returns whether anything has changed. */
function settleOne(board: Board, entry: Entry): boolean {
  const readiness = readinessIn(board, entry)
  switch (readiness.kind) {
    case 'Waits':
      return false
    case 'NeverReady': {
      const { step, when } = readiness.blockedBy
      const ends = new Set((board.byStep.get(step) ?? []).map(({ status }) => status.result ?? 'otherwise'))
      endStep(board, entry, { result: 'Skipped', reason: 'DependencyNotMet', message: `${step} ended ${[...ends].join(', ')}, wanted ${when}` })
      return true
    }
    case 'Ready':
      if (entry.step.work.kind !== 'Join') return false
      entry.status.startedAt = formatTimestamp(board.nowMs)
      Object.assign(entry.status, { state: 'Ended', result: 'Succeeded', finishedAt: formatTimestamp(board.nowMs) } satisfies Partial<StepStatus>)
      return true
  }
}

function endOf({ status, step }: Entry): Ended | null {
  if (status.state !== 'Ended' || status.result === undefined) return null
  return { result: status.result, allowFailure: step.allowFailure }
}
