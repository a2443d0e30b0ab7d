import { entryOf } from '../source/source-node.ts'
import type { WorkflowRule } from './rule.ts'

/** Most steps of a workflow, `finally` and files of manifest folders included. */
export const MOST_STEPS = 1000

/** More steps than one run can have. */
export const tooManySteps: WorkflowRule = {
  id: 'too-many-steps',
  severity: 'error',
  check({ spec, steps, finally: last }) {
    const count = steps.length + last.length
    if (count <= MOST_STEPS) return []
    return [
      { at: entryOf(spec, 'steps')?.key.start ?? 0, message: `${count} steps are too many; at most ${MOST_STEPS} are allowed: split the workflow` },
    ]
  },
}
