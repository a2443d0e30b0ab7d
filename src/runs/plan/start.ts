import type { Step } from '../../definitions/workflow.ts'
import { renderJob } from '../render-job.ts'
import { isActive, stepKey } from '../step-key.ts'
import type { Board, Entry } from './board.ts'
import { activeCount } from './board.ts'
import { failExpression } from './expressions.ts'
import { resolveStep } from './resolve-step.ts'
import { readinessIn, settle } from './settle.ts'

/**
 * Starts what is ready, after what needs no Job. A step that cannot be made from its expressions fails, which may free others; `judge` is what
 * failures so far have for a consequence, before anything is started; it returns whether it has ended what others may wait for.
 */
export function start(board: Board, entriesNow: () => readonly Entry[], judge: (entries: readonly Entry[]) => boolean = () => false): void {
  for (let again = true; again;) {
    do settle(board, entriesNow)
    while (judge(entriesNow()))
    const ready = entriesNow().filter((entry) => entry.status.state === 'Waiting' && readinessIn(board, entry).kind === 'Ready')
    // One whose Job the cluster refuses takes nobody's turn.
    const isRefused = ({ status }: Entry): number => (status.refusedSince === undefined ? 0 : 1)
    startReady(
      board,
      ready.sort((one, other) => isRefused(one) - isRefused(other)),
    )
    again = ready.some(({ status }) => status.state === 'Ended')
  }
}

/** Makes the Jobs of these as far as the limits allow. */
export function startReady(board: Board, ready: readonly Entry[]): void {
  const { plan, input, definition, run } = board
  if (plan.storeFirst) return
  const activeOf = new Map<Step, number>()
  let active = activeCount(board)
  for (const entry of ready) {
    const { status, step } = entry
    if (board.created.has(status)) continue
    if (active >= (definition.maxParallel ?? Infinity)) return
    const ofStep = activeOf.get(step) ?? activeExpansions(board, entry)
    if (ofStep >= (step.maxParallel ?? Infinity)) continue
    if (plan.create.length >= input.freeSlots) {
      plan.waitsForSlot = true
      return
    }
    const resolved = resolveStep(board, entry)
    if (resolved.kind === 'Failed') {
      failExpression(board, entry, 'fields', resolved.message)
      continue
    }
    board.created.add(status)
    active++
    activeOf.set(step, ofStep + 1)
    const { timeoutSeconds, startTimeoutSeconds } = step
    plan.create.push({ step: status, job: renderJob(run, resolved.value, stepKey(status)), timeoutSeconds, startTimeoutSeconds })
  }
}

/** How many expansions of the same step are active. */
function activeExpansions(board: Board, { step, status }: Entry): number {
  if (step.maxParallel === null || status.kind === 'Undo') return 0
  const siblings = board.byStep.get(step.name) ?? []
  return siblings.filter((one) => isActive(one.status) || board.created.has(one.status)).length
}
