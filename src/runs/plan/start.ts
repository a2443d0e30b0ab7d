import { renderJob } from '../render-job.ts'
import type { Board, Entry } from './board.ts'
import { activeCount } from './board.ts'
import { readinessIn, settle } from './settle.ts'

/** Starts what is ready, after what needs no Job. */
export function start(board: Board, entries: readonly Entry[]): void {
  settle(board, entries)
  for (const entry of entries) {
    if (entry.status.state === 'Waiting' && readinessIn(board, entry).kind === 'Ready') startEntry(board, entry)
  }
}

function startEntry(board: Board, { status, step }: Entry): void {
  const { plan, input, definition, run } = board
  if (activeCount(board) >= (definition.maxParallel ?? Number.POSITIVE_INFINITY)) return
  if (plan.create.length >= input.freeSlots) {
    plan.waitsForSlot = true
    return
  }
  plan.create.push({ step: status, job: renderJob(run, step) })
}
