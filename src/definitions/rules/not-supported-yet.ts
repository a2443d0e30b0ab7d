import type { Json } from '../container.ts'
import type { Finding } from '../problem.ts'
import { childOf, entryOf, type SourceNode } from '../source/source-node.ts'
import type { WorkflowRule } from './rule.ts'
import { UNSUPPORTED_SPEC_FIELDS, UNSUPPORTED_STEP_FIELDS, type UnsupportedField } from './unsupported.ts'

const id = 'not-supported-yet'
const severity = 'error'

/** Fields that are known and not carried out: left alone, a run would silently do something else. */
export const notSupportedYet: WorkflowRule = { id, severity, check: ({ spec }) => checkTable(spec, UNSUPPORTED_SPEC_FIELDS) }

/** Such fields of steps and defaults. */
export const stepNotSupportedYet: WorkflowRule = {
  id,
  severity,
  check: ({ steps, finally: last, defaults }) =>
    [...steps, ...last]
      .map(({ node }) => node)
      .concat(defaults ?? [])
      .flatMap((node) => checkTable(node, UNSUPPORTED_STEP_FIELDS)),
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
