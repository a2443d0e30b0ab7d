import type { Board, Entry } from './board.ts'
import { endStep, stopEntry, unplan } from './board.ts'

/** After a failure that counts: what runs is cancelled, what waits is skipped unless it waits for that very failure. Returns whether any has ended by that. */
export function failFast(board: Board, entries: readonly Entry[]): boolean {
  if (!board.definition.failFast) return false
  const failed = new Set(entries.filter(({ status, step }) => status.result === 'Failed' && !step.allowFailure).map(({ step }) => step.name))
  const [first] = failed
  if (first === undefined) return false
  const why = { reason: 'FailFast', message: `${first} failed` }
  const reacts = ({ step }: Entry): boolean =>
    step.dependsOn.some(({ step: name, when }) => failed.has(name) && (when === 'Failed' || when === 'Always'))
  let hasEnded = false
  for (const entry of entries) {
    if (reacts(entry)) continue
    const { status } = entry
    if (status.state === 'Waiting') {
      unplan(board, entry)
      endStep(board, entry, { result: 'Skipped', ...why })
    } else if (status.state === 'Running') stopEntry(board, entry, { result: 'Cancelled', ...why })
    else continue
    // What has a Job ends with it, later.
    hasEnded ||= (status.state as string) === 'Ended'
  }
  return hasEnded
}
