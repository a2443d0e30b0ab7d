import { createColors } from 'picocolors'
import type { Shell } from './shell.ts'

/** Colours for a terminal that shows them. */
export function coloursOf({ stdout, env }: Pick<Shell, 'stdout' | 'env'>) {
  const isTerminal = 'isTTY' in stdout && stdout.isTTY === true
  return createColors(isTerminal && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb')
}
