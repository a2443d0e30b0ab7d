import type { RunStatus } from './run.ts'
import { stepKey } from './step-key.ts'

/** Most of one step's message, and of those of all steps of a run, in characters. */
const LONGEST = 1000
const ALL = 24_576

/** So much of each is kept however many there are. */
const SHORTEST = 40

/**
 * Cuts messages that steps have got since the run was stored, in place: a thousand steps may fail, each with what a cluster says of it, and the Run
 * must stay small. The more there is already, the less of each is kept; what is stored stays as it is.
 */
export function boundMessages(stored: RunStatus | undefined, { steps }: RunStatus): void {
  if (steps.every(({ message = '' }) => message.length <= SHORTEST)) return
  const before = new Map(stored?.steps.map((step) => [stepKey(step), step.message]))
  const isStored = (step: RunStatus['steps'][number]): boolean => before.get(stepKey(step)) === step.message
  let used = steps.reduce((sum, step) => sum + (isStored(step) ? (step.message ?? '').length : 0), 0)
  for (const step of steps) {
    if (step.message === undefined || isStored(step)) continue
    const most = Math.max(SHORTEST, Math.min(LONGEST, Math.floor((ALL - used) / 8)))
    step.message = step.message.length > most ? `${step.message.slice(0, most - 1).replace(/[\ud800-\udbff]$/, '')}…` : step.message
    used += step.message.length
  }
}
