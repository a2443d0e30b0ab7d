import { GitError } from './ports.ts'

/** Says that a branch is not there, and which are. */
export function describeMissingBranch(where: string, branch: string, others: readonly string[]): string {
  if (others.length === 0) return `${where} is empty: push a first commit to branch ${branch}`
  const shown = others.slice(0, 5).join(', ') + (others.length > 5 ? ', …' : '')
  return `branch ${branch} is not in ${where}, which has ${shown}: name one of these, or push ${branch}`
}

/** How GitHub, GitLab, Gitea, Bitbucket, Azure and Gerrit word it; the protocol has nothing but words. */
const PROTECTED = /protected branch|is protected|GH006|GH013|rule violations|modified through pull requests|TF40245\d|prohibited by Gerrit/i

/** A remote that answered a push with no, for a reason that is no lost race. */
export function refusalError(where: string, ref: string, reason: string): GitError {
  if (!PROTECTED.test(reason)) {
    return new GitError('PushRefused', `${where} refuses to move ${ref}: ${reason}; allow it there, or choose another status branch`)
  }
  const advice = 'let these credentials push to it in the rules of the forge, or choose a status branch that no rule covers'
  return new GitError('BranchProtected', `${where} protects ${ref} against this push: ${reason}; ${advice}`)
}

/** The branch is not where the writer thought. */
export function racedError(where: string, ref: string): GitError {
  return new GitError('Raced', `${ref} in ${where} was moved by somebody else: fetch it and try again`)
}
