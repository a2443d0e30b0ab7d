import type { Problem } from '../problem.ts'

/** A field that the schema knows and this version does not carry out. Rows go as the version learns. */
export interface UnsupportedField {
  /** Below the step, or below `spec`. */
  path: readonly string[]
  /** A warning where a run does the same without it. */
  severity: Problem['severity']
}

/** Fields of a step, and of `spec.defaults`. */
export const UNSUPPORTED_STEP_FIELDS: readonly UnsupportedField[] = [
  { path: ['output'], severity: 'error' },
  { path: ['inputs'], severity: 'error' },
  { path: ['cache'], severity: 'error' },
  { path: ['caches'], severity: 'error' },
  { path: ['pool'], severity: 'error' },
  { path: ['source', 'paths'], severity: 'error' },
]

/** Fields of a workflow's `spec`. */
export const UNSUPPORTED_SPEC_FIELDS: readonly UnsupportedField[] = [{ path: ['triggers', 'pullRequest'], severity: 'error' }]
