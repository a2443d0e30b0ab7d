import type { Json } from '../container.ts'
import type { Finding } from '../problem.ts'
import { childOf, entryOf, type SourceNode } from '../source/source-node.ts'
import type { WorkflowSource } from '../workflow-source.ts'
import type { WorkflowRule } from './rule.ts'
import { UNSUPPORTED_SPEC_FIELDS, UNSUPPORTED_STEP_FIELDS, type UnsupportedField } from './unsupported.ts'

/** Fields that are known and not carried out: left alone, a run would silently do something else. */
export const notSupportedYet: WorkflowRule = {
  id: 'not-supported-yet',
  severity: 'error',
  check({ spec, steps, finally: last, defaults }: WorkflowSource) {
    const nodes = [...steps, ...last].map((step) => step.node).concat(defaults ?? [])
    const inSteps = nodes.flatMap((node) => checkTable(node, UNSUPPORTED_STEP_FIELDS))
    return [...checkTable(spec, UNSUPPORTED_SPEC_FIELDS), ...inSteps]
  },
}

function checkTable(node: SourceNode | undefined, table: readonly UnsupportedField[]): Finding[] {
  return table.flatMap(({ path, severity }) => {
    const entry = entryOf(childOf(node, ...path.slice(0, -1)), path.at(-1) ?? '')
    if (!entry || asksForNothing(path, entry.value.json)) return []
    const consequence = severity === 'error' ? 'take it out' : 'it has no effect'
    return [{ at: entry.key.start, severity, message: `"${path.join('.')}" is not supported yet; ${consequence}` }]
  })
}

/** An empty trigger asks for something: `pullRequest:` alone means every pull request. */
function asksForNothing(path: readonly string[], value: Json): boolean {
  if (value === false) return true
  if (Array.isArray(value)) return value.length === 0
  return path.at(-1) !== 'pullRequest' && (value === null || (typeof value === 'object' && Object.keys(value).length === 0))
}
