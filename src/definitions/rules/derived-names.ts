import { excerpt } from '../excerpt.ts'
import { triggerScheduleName } from '../normalise/normalise-schedule.ts'
import { childOf, textOf } from '../source/source-node.ts'
import { LONGEST_LABEL } from './dns-label.ts'
import type { WorkflowRule } from './rule.ts'

/** Names that are made of others must be labels of Kubernetes too: a schedule inside a workflow is called `<workflow>-<name>`. */
export const derivedName: WorkflowRule = {
  id: 'derived-name',
  severity: 'error',
  check({ document, schedules }) {
    const workflow = textOf(childOf(document.root, 'metadata', 'name'))
    return schedules.flatMap(({ spec }) => {
      const node = childOf(spec, 'name')
      const name = textOf(node)
      if (!node || name === null || workflow === null || name.length > LONGEST_LABEL || workflow.length > LONGEST_LABEL) return []
      const derived = triggerScheduleName(workflow, name)
      if (derived.length <= LONGEST_LABEL) return []
      const message = `the schedule is called ${excerpt(derived)}, which has ${derived.length} characters; at most ${LONGEST_LABEL} are allowed: shorten one of the names`
      return [{ at: node.start, message }]
    })
  },
}

/** A step of a file in a folder of manifests is called `<step>/<file>`; its label has a dot there. Null when that is a label. */
export function checkExpandedName(name: string): string | null {
  const label = name.replaceAll('/', '.')
  if (label.length > LONGEST_LABEL) return `has ${label.length} characters; at most ${LONGEST_LABEL} are allowed`
  return /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(label) ? null : 'may only hold letters, digits, "-", "_" and "."'
}
