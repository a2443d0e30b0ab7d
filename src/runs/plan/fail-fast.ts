import type { Board, Entry } from './board.ts'
import { endStep, stopEntry, unplan } from './board.ts'

/** After a failure that counts: what runs is cancelled, what waits is skipped unless it waits for that very failure. */
export function failFast(board: Board, entries: readonly Entry[]): void {
  if (!board.definition.failFast) return
  const failed = new Set(entries.filter(({ status, step }) => status.result === 'Failed' && !step.allowFailure).map(({ step }) => step.name))
  const [first] = failed
  if (first === undefined) return
  const why = { reason: 'FailFast', message: `${first} failed` }
  const reacts = ({ step }: Entry): boolean =>
    step.dependsOn.some(({ step: name, when }) => failed.has(name) && (when === 'Failed' || when === 'Always'))
  for (const entry of entries) {
    if (reacts(entry)) continue
    if (entry.status.state === 'Waiting') {
      unplan(board, entry)
      endStep(board, entry, { result: 'Skipped', ...why })
    }
    if (entry.status.state === 'Running') stopEntry(board, entry, { result: 'Cancelled', ...why })
  }
}
