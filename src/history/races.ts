import { type CommitSha, GitError, type StatusBranch } from '../git/ports.ts'

/** More lost races in a row than this are no chance; the caller backs off. */
const TRIES = 5

/** Fetches the tip and does the work on top of it, again when somebody else has moved the branch meanwhile. Throws GitError. */
export async function onNewestTip<T>(status: StatusBranch, signal: AbortSignal | undefined, work: (tip: CommitSha | null) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted()
    const tip = await status.fetchTip(signal)
    try {
      return await work(tip)
    } catch (error) {
      if (!(error instanceof GitError) || error.kind !== 'Raced' || attempt === TRIES) throw error
    }
  }
}
