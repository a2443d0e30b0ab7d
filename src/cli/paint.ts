import { createColors } from 'picocolors'
import type { Shell } from './shell.ts'

/** Colours of a terminal, or none. */
export interface Paint {
  good: (text: string) => string
  bad: (text: string) => string
  dim: (text: string) => string
  bold: (text: string) => string
}

/** Colours where standard output is a terminal and nobody asked for none (`NO_COLOR`). */
export function createPaint(shell: Pick<Shell, 'stdout' | 'env'>): Paint {
  const isTerminal = (shell.stdout as { isTTY?: boolean }).isTTY === true
  const colors = createColors(isTerminal && shell.env['NO_COLOR'] === undefined && shell.env['TERM'] !== 'dumb')
  return { good: colors.green, bad: colors.red, dim: colors.dim, bold: colors.bold }
}
