import { excerpt } from '../excerpt.ts'
import type { StepSource } from '../workflow-source.ts'
import type { WorkflowRule } from './rule.ts'

/** A step that is waited for twice in the same way: mostly another was meant. */
export const duplicateDependency: WorkflowRule = {
  id: 'duplicate-dependency',
  severity: 'warning',
  check: ({ steps, finally: last }) => [...steps, ...last].flatMap(checkStep),
}

function checkStep({ dependencies }: StepSource) {
  if (dependencies.length < 2) return []
  const seen = new Set<string>()
  return dependencies.flatMap(({ step, when, at }) => {
    const key = `${when} ${step}`
    if (seen.has(key)) return [{ at, message: `${excerpt(step)} is there already; take it out, or name the step that is meant` }]
    seen.add(key)
    return []
  })
}
