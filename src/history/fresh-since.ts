import type { Timestamp } from '../clock.ts'
import type { StatusBranch } from '../git/ports.ts'
import { statePath } from './paths.ts'
import { ShapeError } from './shape.ts'
import { emptyState, parseState, withRuns } from './state.ts'

/**
 * The end of a workflow's newest recorded success; as long as it has none, the creation of its first run. Null when none of its runs is recorded. At the
 * tip last fetched or written.
 */
export async function readFreshSince(status: StatusBranch, workflow: string): Promise<Timestamp | null> {
  const bytes = await status.read(statePath(workflow))
  if (bytes === null) return null
  try {
    const state = parseState(new TextDecoder().decode(bytes))
    // States of older versions tell of their recent runs alone.
    const { firstRunAt, lastSuccessAt } = state.firstRunAt === undefined ? withRuns({ ...emptyState(workflow), runs: state.runs }, []) : state
    return lastSuccessAt ?? firstRunAt ?? null
  } catch (error) {
    if (error instanceof ShapeError) return null
    throw error
  }
}
