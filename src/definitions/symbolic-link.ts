import type { Diagnostic } from './workflow.ts'

/** What is said of a symbolic link among the definitions, which nobody follows: neither here nor in a commit. */
export function describeLink(file: string): Diagnostic {
  const message = 'this is a symbolic link, which Fusee does not follow: what it leads to is not read; put the file itself here'
  return { file, line: 1, column: 1, severity: 'warning', rule: 'symbolic-link', message }
}
