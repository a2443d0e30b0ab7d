import { parseTimestamp } from '../../clock.ts'
import type { Step } from '../../definitions/workflow.ts'
import type { Board, Entry } from './board.ts'
import { entriesOf, newEntry, replaceEntries } from './board.ts'
import { haltSteps } from './halt.ts'
import { startReady } from './start.ts'

/** Lays out the undos of a run that failed or timed out: one behind each step that succeeded and can be undone. */
export function layOutUndos(board: Board): void {
  const { outcome } = board.plan.status
  if (outcome?.result !== 'Failed' && outcome?.result !== 'TimedOut') return
  for (const entry of entriesOf(board, 'Step')) {
    const { name, result } = entry.status
    if (result !== 'Succeeded' || entry.step.undo === null || wasEmpty(entry)) continue
    replaceEntries(board, entry, [entry, newEntry(board, { name, kind: 'Undo', state: 'Waiting', attempts: [] }, entry.step)])
    // Whether there are undos must be known before the first begins: a cancellation in between would forget it.
    board.plan.storeFirst = true
  }
}

/** Whether a step that has succeeded had a list without items, in this run or in the one that it is taken over from: there is nothing to undo. */
function wasEmpty({ status, step }: Entry): boolean {
  return step.expansion !== null && status.name === step.name
}

/**
 * Runs the undos one after the other: no step's before those of the steps that depend on it, and among steps that have nothing to do with each
 * other, the one that ended last first. A failing one does not keep the others; a cancellation does. Returns whether all have ended.
 */
export function runUndos(board: Board, undos: readonly Entry[]): boolean {
  const { halt } = board.plan.status
  if (halt?.result === 'Cancelled') haltSteps(board, undos, { ...halt, result: 'Cancelled' })
  const next = nextUndo(board, undos)
  if (next !== undefined) startReady(board, [next])
  return undos.every(({ status }) => status.state === 'Ended')
}

/** The undo whose turn it is; undefined while one runs, or when all have ended. */
function nextUndo(board: Board, undos: readonly Entry[]): Entry | undefined {
  const open = undos.filter(({ status }) => status.state !== 'Ended')
  if (open.some(({ status }) => status.state !== 'Waiting')) return undefined
  const needed = neededBy(board, open)
  const waiting = new Set(open.filter(({ step }) => !needed.has(step.name)))
  let next: Entry | undefined
  let nextMs = -Infinity
  for (const [index, entry] of board.entries.entries()) {
    if (!waiting.has(entry)) continue
    // An undo stands behind its step. The time is of a node's clock, and on some clusters of whole seconds: it tells nothing of what depends on what.
    const { finishedAt } = board.entries[index - 1]?.status ?? {}
    const endedMs = finishedAt === undefined ? -Infinity : parseTimestamp(finishedAt)
    if (endedMs < nextMs) continue
    next = entry
    nextMs = endedMs
  }
  return next
}

/** The names of all steps that these depend on, near or far; not beyond one that was skipped, which waited for nobody. */
function neededBy({ definition, entries: all }: Board, entries: readonly Entry[]): Set<string> {
  const skipped = new Set(all.filter(({ status }) => status.result === 'Skipped').map(({ step }) => step.name))
  const steps = new Map(definition.steps.map((step) => [step.name, step]))
  const needed = new Set<string>()
  const visit = ({ dependsOn }: Step): void => {
    for (const { step: name } of dependsOn) {
      if (needed.has(name)) continue
      needed.add(name)
      const step = steps.get(name)
      if (step !== undefined && !skipped.has(name)) visit(step)
    }
  }
  for (const step of new Set(entries.map(({ step }) => step))) visit(step)
  return needed
}
