import type { Board, Entry } from './board.ts'
import { endStep, stopEntry } from './board.ts'

/** Ends the steps that somebody has asked to end; the name of a step stands for all its expansions, and for all files of its folder. */
export function cancelSteps(board: Board, entries: readonly Entry[]): void {
  for (const { step: name, by, reason } of board.run.spec.cancelSteps ?? []) {
    const why = { reason: 'StepCancelled', message: `cancelled by ${by}: ${reason}` }
    for (const entry of entries) {
      if (entry.status.name !== name && !entry.status.name.startsWith(`${name}/`)) continue
      if (entry.status.state === 'Waiting') endStep(board, entry, { result: 'Skipped', ...why })
      if (entry.status.state === 'Running') stopEntry(board, entry, { result: 'Cancelled', ...why })
    }
  }
}
