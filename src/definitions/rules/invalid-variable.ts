import { excerpt } from '../excerpt.ts'
import type { Finding } from '../problem.ts'
import { childOf, itemsOf, textOf, type SourceNode } from '../source/source-node.ts'
import type { WorkflowSource } from '../workflow-source.ts'
import { hereAndBelow } from './nodes-of-steps.ts'
import type { WorkflowRule } from './rule.ts'

/** Variables that Kubernetes refuses, which would show when the Job is made. */
export const invalidVariable: WorkflowRule = {
  id: 'invalid-variable',
  severity: 'error',
  check: (workflow) => variablesOf(workflow).flatMap((list) => itemsOf(list).flatMap(checkVariable)),
}

function checkVariable(variable: SourceNode): Finding[] {
  const node = childOf(variable, 'name')
  const name = textOf(node)
  if (!node || name === null || name === '') return []
  if (name.includes('='))
    return [{ at: node.start, message: `the variable ${excerpt(name)} holds "=" in its name; put what comes after it into "value"` }]
  if (!/^[\x20-\x7e]+$/.test(name)) {
    return [{ at: node.start, message: `the variable ${excerpt(name)} holds characters that no variable may have; use letters, digits and "_"` }]
  }
  return []
}

/** Variables that the container never sees, or sees otherwise than somebody expects. */
export const variableOverridden: WorkflowRule = {
  id: 'variable-overridden',
  severity: 'warning',
  check: (workflow) => variablesOf(workflow).flatMap(checkList),
}

function checkList(list: SourceNode): Finding[] {
  const known = new Set<string>()
  return itemsOf(list).flatMap((variable): Finding[] => {
    const node = childOf(variable, 'name')
    const name = textOf(node)
    if (!node || name === null || name === '') return []
    const isKnown = known.has(name)
    known.add(name)
    if (isKnown) return [{ at: node.start, message: `the variable ${excerpt(name)} is set twice here, and the last one counts; keep one` }]
    return name.startsWith('FUSEE_')
      ? [{ at: node.start, message: `Fusee sets ${excerpt(name)} itself; choose a name that does not begin with FUSEE_` }]
      : []
  })
}

function variablesOf(workflow: WorkflowSource): SourceNode[] {
  return hereAndBelow(workflow).flatMap((node) => childOf(node, 'env') ?? [])
}
