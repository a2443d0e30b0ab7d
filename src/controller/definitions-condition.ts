import type { Definitions } from '../definitions/workflow.ts'
import type { Cursors } from '../runs/run.ts'
import type { Versions } from './versions.ts'

/** Most errors, and most workflows, that the message names. */
const MOST_NAMED = 3
const LONGEST_ERROR = 300
const SHORT_ID = 10

/** What a Repository says of its files at the tip: whether one is in error, which, and what goes on in the version of an earlier commit. */
export function definitionsCondition(
  tip: string,
  { diagnostics }: Definitions,
  versions: Versions,
): Omit<Cursors['conditions'][number], 'lastTransitionTime'> {
  const at = tip.slice(0, SHORT_ID)
  const errors = diagnostics.filter(({ severity }) => severity === 'error')
  if (errors.length === 0) return { type: 'DefinitionsValid', status: 'True', reason: 'Valid', message: `no file is in error at ${at}` }
  const count = errors.length === 1 ? '1 error' : `${errors.length} errors`
  const told = errors.map(({ file, line, column, message, rule }) => `${file}:${line}:${column}: ${message.slice(0, LONGEST_ERROR)} (${rule})`)
  const earlier = [...versions.workflows]
    .filter(([, { commit }]) => commit !== tip)
    .map(([name, { commit }]) => `${name} at ${commit.slice(0, SHORT_ID)}`)
  const inForce = earlier.length === 0 ? '' : `. In force as it was valid last: ${named(earlier, ', ')}`
  return { type: 'DefinitionsValid', status: 'False', reason: 'Invalid', message: `${count} at ${at}: ${named(told, '; ')}${inForce}` }
}

function named(all: readonly string[], separator: string): string {
  const more = all.length > MOST_NAMED ? `${separator}${all.length - MOST_NAMED} more` : ''
  return `${all.slice(0, MOST_NAMED).join(separator)}${more}`
}
