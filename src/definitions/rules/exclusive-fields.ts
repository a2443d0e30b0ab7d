import type { Finding } from '../problem.ts'
import { entriesOf, entryOf, type SourceNode } from '../source/source-node.ts'
import { CONTAINER_FIELDS, type WorkflowSource } from '../workflow-source.ts'
import type { WorkflowRule } from './rule.ts'

/** What stands beside what, and why it must not. */
const EXCLUSIVE: readonly { field: string; beside: readonly string[]; reason: string }[] = [
  { field: 'command', beside: ['script'], reason: 'a script is the command; keep one of them' },
  { field: 'args', beside: ['script'], reason: 'a script has no arguments; pass values by env' },
  ...['script', 'pod', 'job', 'approval', 'use', ...CONTAINER_FIELDS.filter((field) => field !== 'env')].map((field) => ({
    field,
    beside: ['manifest'],
    reason: 'the manifest says all that; only env, retries and timeout override it',
  })),
  { field: 'matrix', beside: ['forEach'], reason: 'a step is expanded one way; make the items a key of the matrix' },
  { field: 'undo', beside: ['approval'], reason: 'an approval does nothing that could be undone' },
  { field: 'with', beside: ['script', 'manifest'], reason: 'it gives values to the template that "use" names' },
  ...['manifest', 'script', 'pod', 'job', 'results', 'undo', 'output', 'cache', ...CONTAINER_FIELDS].map((field) => ({
    field,
    beside: ['use'],
    reason: 'the template says all that; give it a parameter',
  })),
  { field: 'approval', beside: ['script', 'use', ...CONTAINER_FIELDS], reason: 'an approval runs nothing; make it a step of its own' },
]

/** Fields that say different things about the same step. */
export const exclusiveFields: WorkflowRule = {
  id: 'exclusive-fields',
  severity: 'error',
  check: ({ steps, finally: last, defaults }: WorkflowSource) =>
    [...steps, ...last]
      .map((step) => step.node)
      .concat(defaults ?? [])
      .flatMap(checkFields),
}

/** By the field that is wrong. */
const BY_FIELD = new Map(EXCLUSIVE.map(({ field }) => [field, EXCLUSIVE.filter((other) => other.field === field)]))

function checkFields(node: SourceNode): Finding[] {
  return entriesOf(node).flatMap(([field, { key }]) =>
    (BY_FIELD.get(field) ?? []).flatMap(({ beside, reason }) => {
      const other = beside.find((name) => entryOf(node, name))
      return other === undefined ? [] : [{ at: key.start, message: `"${field}" cannot stand beside "${other}": ${reason}` }]
    }),
  )
}
