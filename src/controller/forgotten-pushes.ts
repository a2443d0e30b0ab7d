import type { Context } from '../context.ts'
import type { CommitSha } from '../git/ports.ts'
import { asCommitSha, GitError } from '../git/ports.ts'
import { updateCursors } from './cursors.ts'
import type { StoredRun } from '../runs/run.ts'
import type { RepositoryState } from './repository.ts'

/**
 * A push may have been run and its branch set back before the cursor could say so: the cursor then knows of no rewinding, and when the
 * Run is swept nobody knows that the commit has run. So before records are written after a start, or after a look that failed half-way,
 * the runs that no cursor vouches for are looked at: one whose commit the tip does not have means that the branch was rewound.
 */
export async function noteForgottenPushes(context: Context, state: RepositoryState, tip: CommitSha): Promise<void> {
  const { ref } = state.followed.settings
  const runs = await context.runs.listRuns({ namespace: ref.namespace, repository: ref.name })
  const commits = new Set(runs.filter((run) => run.spec.trigger.kind === 'Push' && !isRecorded(run)).map((run) => run.spec.commit))
  for (const commit of commits) {
    if (await isBehind(state, commit, tip)) continue
    await updateCursors(context, ref, (current) => ({ ...current, rewound: true }))
    return
  }
}

function isRecorded(run: StoredRun): boolean {
  return run.status?.recorded !== undefined
}

/** Whether the tip has the commit in its past. What cannot be told counts as no. */
async function isBehind({ followed }: RepositoryState, commit: string, tip: CommitSha): Promise<boolean> {
  try {
    return commit === tip || (await followed.source.range(asCommitSha(commit), tip, 1)).forward
  } catch (error) {
    if (error instanceof GitError && error.kind === 'ObjectNotFound') return false
    throw error
  }
}
