import type { Diagnostic } from './workflow.ts'

/** A place in a file: line and column from 1, columns in UTF-16 code units. */
export type Position = Pick<Diagnostic, 'line' | 'column'>

/** A diagnostic before it is known in which file it lies: equal content has equal problems, whatever its path. */
export type Problem = Omit<Diagnostic, 'file'>

/** What a rule finds: where, as an offset into the file's text, and what to do about it. */
export interface Finding {
  at: number
  message: string
  /** Only where it is not that of its rule. */
  severity?: Problem['severity']
}

/** More findings of one rule in one document are not worked out: nobody reads them, and looking for near names takes time. */
export const MOST_FINDINGS = 200

/** The order in which diagnostics are shown: by place, then by rule. */
export function compareProblems(a: Problem, b: Problem): number {
  return a.line - b.line || a.column - b.column || compareText(a.rule, b.rule) || compareText(a.message, b.message)
}

/** Order by UTF-16 code units, the same on every machine. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
