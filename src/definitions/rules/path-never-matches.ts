import { excerpt } from '../excerpt.ts'
import { childOf, entryOf, itemsOf, textOf } from '../source/source-node.ts'
import type { WorkflowRule } from './rule.ts'

/** Paths with which a trigger never starts anything. */
export const pathNeverMatches: WorkflowRule = {
  id: 'path-never-matches',
  severity: 'warning',
  check: ({ spec }) =>
    ['push', 'pullRequest'].flatMap((trigger) => {
      const paths = entryOf(childOf(spec, 'triggers', trigger), 'paths')
      const globs = itemsOf(paths?.value).flatMap((node) => ({ node, text: textOf(node) ?? '' }))
      const outside = globs.filter(({ text }) => text.split('/').some((part) => part === '..' || part === '!..'))
      return outside.map(({ node, text }) => ({
        at: node.start,
        message: `${excerpt(text)} matches nothing: paths are relative to the root of the repository and have no ".."`,
      }))
    }),
}
