import type { RunSpec, RunStatus, StepStatus } from '../runs/run.ts'
import type { Packed } from './pack.ts'
import { pack, unpack } from './pack.ts'

type CarryingSpec = Pick<RunSpec, 'carriedOver'>

/** A status as Runs are stored with it: packed when it is large, and without the results that a rerun has taken over, which its spec holds. */
export function packStatus({ carriedOver = [] }: CarryingSpec, status: RunStatus): Packed<RunStatus> {
  if (carriedOver.every(({ results }) => results === undefined)) return pack(status)
  const leaveOut = (step: StepStatus): StepStatus => {
    const { results: _, ...rest } = step
    return isCarried(step) ? rest : step
  }
  return pack({ ...status, steps: status.steps.map(leaveOut) })
}

/** The status again, with these results. Throws when what is packed is none of ours. */
export function unpackStatus({ carriedOver = [] }: CarryingSpec, stored: Packed<RunStatus>): RunStatus {
  const status = unpack(stored)
  const carried = new Map(carriedOver.map(({ name, results }) => [name, results]))
  const fillIn = (step: StepStatus): StepStatus => {
    const results = isCarried(step) && step.results === undefined ? carried.get(step.name) : undefined
    return results === undefined ? step : { ...step, results }
  }
  return carriedOver.length === 0 ? status : { ...status, steps: status.steps.map(fillIn) }
}

function isCarried({ kind, reason }: StepStatus): boolean {
  return kind !== 'Undo' && reason === 'CarriedOver'
}
