import { GitError } from './ports.ts'

/** Says that a branch is not there, and which are. */
export function describeMissingBranch(where: string, branch: string, others: readonly string[]): string {
  if (others.length === 0) return `${where} is empty: push a first commit to branch ${branch}`
  const shown = others.slice(0, 5).join(', ') + (others.length > 5 ? ', …' : '')
  return `branch ${branch} is not in ${where}, which has ${shown}: name one of these, or push ${branch}`
}

/** The branch is not where the writer thought. */
export function racedError(where: string, ref: string): GitError {
  return new GitError('Raced', `${ref} in ${where} was moved by somebody else: fetch it and try again`)
}
