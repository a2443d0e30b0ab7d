import { excerpt } from '../excerpt.ts'
import { entriesOf } from '../source/source-node.ts'
import type { WorkflowRule } from './rule.ts'

const NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,62}$/

/** Results and keys of a matrix are written by shells as `key=value`, and read as fields of expressions. */
export const invalidKeyName: WorkflowRule = {
  id: 'invalid-name',
  severity: 'error',
  check: ({ steps, finally: last, defaults }) =>
    [...steps, ...last]
      .map((step) => step.node)
      .concat(defaults ?? [])
      .flatMap((node) =>
        entriesOf(node)
          .filter(([field]) => field === 'results' || field === 'matrix')
          .flatMap(([field, { value }]) =>
            entriesOf(value).flatMap(([name, { key }]) => {
              if (NAME.test(name)) return []
              const what = field === 'results' ? 'the result' : 'the key of the matrix'
              return [
                { at: key.start, message: `${what} ${excerpt(name)} must start with a letter and hold at most 63 letters, digits, "_", "-" and "."` },
              ]
            }),
          ),
      ),
}
