import { GitError } from '../git/ports.ts'
import { UsageError } from './shell.ts'

/** Does something with a commit or a place that the user has named. That there is no such thing is wrong use: rejects with UsageError then. */
export async function orWrongUse<Result>(work: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    const isNothing = error instanceof GitError && (error.kind === 'BranchNotFound' || error.kind === 'RepositoryNotFound')
    throw isNothing ? new UsageError(error.message, { cause: error }) : error
  }
}
