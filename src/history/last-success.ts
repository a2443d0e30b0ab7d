import type { Timestamp } from '../clock.ts'
import type { StatusBranch } from '../git/ports.ts'
import { statePath } from './paths.ts'
import { ShapeError } from './shape.ts'
import { parseState } from './state.ts'

/** The end of the newest success among the recent runs that a workflow's state names; null when there is none. At the tip last fetched or written. */
export async function readLastSuccess(status: StatusBranch, workflow: string): Promise<Timestamp | null> {
  const bytes = await status.read(statePath(workflow))
  if (bytes === null) return null
  try {
    const ends = parseState(new TextDecoder().decode(bytes)).runs.flatMap(({ result, finishedAt }) => (result === 'Succeeded' ? finishedAt : []))
    return ends.toSorted().at(-1) ?? null
  } catch (error) {
    if (error instanceof ShapeError) return null
    throw error
  }
}
