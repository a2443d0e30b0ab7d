import { matches, parseGlob } from '../definitions/glob.ts'

/** Whether a path of the repository is meant. */
export type PathFilter = (path: string) => boolean

/**
 * The filter of `push.paths`, as in GitHub's workflows: a path is meant when the last glob that matches it is not a `!` one. No globs
 * mean every path, and a list that starts with `!` starts from every path.
 */
export function createPathFilter(globs: readonly string[]): PathFilter {
  if (globs.length === 0) return () => true
  const rules = globs.map((glob) => ({ means: !glob.startsWith('!'), tokens: parseGlob(glob.replace(/^!/, '')) }))
  const startsFromAll = rules[0]?.means === false
  return (path) => {
    const characters = [...path]
    return rules.findLast(({ tokens }) => matches(tokens, characters))?.means ?? startsFromAll
  }
}
