import type { Context } from '../context.ts'
import { GitError } from '../git/ports.ts'
import { claimBranch, readOwnership } from '../history/owner.ts'
import { readCursorCopies } from '../history/read.ts'
import { jobName } from '../runs/names.ts'
import { stepKey } from '../runs/step-key.ts'
import { updateCursors, withReady } from './cursors.ts'
import { findLost } from './lost.ts'
import type { RepositoryState, Wake } from './repository.ts'
import { pause } from './pause.ts'
import { noteProblem } from './repository.ts'

const RETRY_MS = 5000

/**
 * Makes sure that the status branch is ours before anything is started: another's name in it means BranchOwned. An empty data folder
 * takes its cursors over from the branch, and so does who gets the branch back. Returns when to try again, null when it is ours.
 */
export async function claim(context: Context, state: RepositoryState, wake: Wake, signal: AbortSignal): Promise<number | null> {
  if (state.claimed) return null
  const { settings, source, status } = state.followed
  const cursors = await context.runs.readCursors(settings.ref)
  // Conditions alone do not count: a controller that was refused before has written some.
  const isFresh = cursors === null || (cursors.lastCommit === null && Object.keys(cursors.schedules).length === 0)
  try {
    // A mistake in the name of the branch must not claim what is another's to claim.
    if (isFresh) await source.fetchTip(signal)
    if (!(await readOwner(context, state, isFresh, signal))) return context.clock.now() + RETRY_MS
    // After the claim: who is refused must not look, the next time, like who has owned the branch.
    if (isFresh) await carryOn(context, state)
  } catch (error) {
    if (!(error instanceof GitError)) throw error
    noteFailure(context, state, error)
    // Who has owned the branch goes on; so does who may not write it but has read that nobody else does.
    const goOn = !isFresh || (isRefusal(error) && (await readCursorCopies(status)) === null)
    if (!goOn) {
      state.look = 'Failed'
      return context.clock.now() + RETRY_MS
    }
  }
  if (context.pauseAtStart !== undefined) await pause(context, state, context.pauseAtStart)
  await noteActiveSteps(context, state)
  state.claimed = true
  wake(`look ${state.key}`)
  wake(`ends ${state.key}`)
  wake(`sweep ${state.key}`)
  wake('resync')
  return null
}

/**
 * Takes the cursors over from the branch, as far as they are ahead of those here. What had started there, has no record and is not here
 * is lost. A record may have come with a copy of the cursors that was a moment older: what the first push asks for is looked up.
 */
async function carryOn(context: Context, state: RepositoryState): Promise<void> {
  const { settings, status } = state.followed
  const copies = await readCursorCopies(status)
  if (copies === null) return
  const found = await findLost(context, state, status)
  await updateCursors(context, settings.ref, (current) => {
    const ahead = Object.entries(current.schedules).filter(([name, { judgedUpTo }]) => judgedUpTo > (copies.schedules[name]?.judgedUpTo ?? ''))
    const known = current.lost ?? []
    const lost = [...known, ...found.filter(({ run }) => known.every((one) => one.run !== run))]
    return {
      ...current,
      ...copies,
      schedules: { ...copies.schedules, ...Object.fromEntries(ahead) },
      rewound: true,
      ...(lost.length === 0 ? {} : { lost }),
    }
  })
}

/**
 * Reads who owns the status branch, and claims it when that is nobody; cursors that are not fresh are carried on before. False: another
 * does, and nothing more is started here. Throws GitError when that cannot be read, or not be written where nobody owns it.
 */
export async function readOwner(context: Context, state: RepositoryState, isFresh: boolean, signal: AbortSignal): Promise<boolean> {
  const { settings, status, owner } = state.followed
  try {
    // Before the claim, or nobody would do it after a crash: whoever had the branch meanwhile recorded what the cursors here know nothing of.
    if (!isFresh) {
      await status.fetchTip(signal)
      if ((await readOwnership(status, owner)).kind === 'Free') await carryOn(context, state)
    }
    const claimed = await context.writeSite('owner-claimed', () =>
      claimBranch({ status, owner, repository: settings.ref, nowMs: context.clock.now() }, signal),
    )
    if (claimed.kind === 'BranchOwned') {
      await standBack(context, state, claimed.message)
      return false
    }
    if (claimed.kind === 'Claimed') context.report({ kind: 'BranchClaimed', repository: state.key, owner })
  } catch (error) {
    // It was read before the write was refused.
    if (error instanceof GitError && isRefusal(error)) state.ownerRead = true
    throw error
  }
  state.ownerRead = true
  noteProblem(state, 'claim', null, () => undefined)
  return true
}

/** Whether the branch is still ours, asked before a push starts anything; when it cannot be reached it is taken to be. */
export async function isStillOurs(context: Context, state: RepositoryState, signal: AbortSignal): Promise<boolean> {
  const { status, owner } = state.followed
  try {
    const tip = await status.fetchTip(signal)
    if (tip === state.history.knownTip) return true
    const ownership = await readOwnership(status, owner)
    if (ownership.kind !== 'BranchOwned') return true
    await standBack(context, state, ownership.message)
    return false
  } catch (error) {
    if (!(error instanceof GitError)) throw error
    return true
  }
}

function isRefusal({ kind }: GitError): boolean {
  return kind === 'PushRefused' || kind === 'BranchProtected'
}

/** What was started before this process counts against the limit too, also Jobs that their Run does not tell of yet. */
async function noteActiveSteps(context: Context, state: RepositoryState): Promise<void> {
  const { ref } = state.followed.settings
  for (const run of await context.runs.listRuns({ namespace: ref.namespace, repository: ref.name })) {
    if (run.status?.phase === 'Finished') continue
    const jobs = new Set((await context.jobs.observeJobs(run.metadata)).map(({ job }) => job.metadata.name))
    const ended = run.status?.steps.filter((step) => step.state === 'Ended') ?? []
    for (const step of ended) jobs.delete(jobName(run.metadata.name, stepKey(step)))
    state.slots.note({ run: run.metadata.name, workflow: run.spec.workflow }, jobs.size)
  }
}

/** Where the repository itself cannot be had, the look would say the same: it is told as that, once. */
function noteFailure(context: Context, state: RepositoryState, error: GitError): void {
  const isWriting = isRefusal(error) || error.kind === 'Raced' || error.kind === 'Storage' || error.kind === 'TooLarge'
  noteProblem(state, isWriting ? 'claim' : 'look', error.message, () => {
    context.report({ kind: isWriting ? 'HistoryFailed' : 'LookFailed', repository: state.key, reason: error.kind, message: error.message })
  })
}

/** The branch is somebody else's: nothing is started or written until it is ours again. */
export async function standBack(context: Context, state: RepositoryState, message: string): Promise<void> {
  state.claimed = false
  noteProblem(state, 'claim', message, () => {
    context.report({ kind: 'BranchOwned', repository: state.key, message })
  })
  state.look = 'Failed'
  const { ref, generation } = state.followed.settings
  await updateCursors(context, ref, (current) =>
    withReady(current, generation, { status: 'False', reason: 'BranchOwned', message }, context.clock.now()),
  )
}
