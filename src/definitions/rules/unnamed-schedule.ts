import { childOf } from '../source/source-node.ts'
import type { WorkflowRule } from './rule.ts'

/** A schedule is known by its name: its cursor, its ticks and its runs carry it. */
export const unnamedSchedule: WorkflowRule = {
  id: 'unnamed-schedule',
  severity: 'error',
  check({ schedules }) {
    if (schedules.length < 2) return []
    const message = 'a workflow with several schedules needs a name for each; add "name"'
    return schedules.flatMap(({ spec }) => (spec?.kind === 'Map' && !childOf(spec, 'name') ? [{ at: spec.start, message }] : []))
  },
}
