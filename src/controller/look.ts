import { createHash } from 'node:crypto'
import type { Context } from '../context.ts'
import { ConflictError } from '../cluster/ports.ts'
import { loadDefinitions } from '../definitions/load-definitions.ts'
import type { Definitions } from '../definitions/workflow.ts'
import type { CommitRange, CommitSha } from '../git/ports.ts'
import { asCommitSha, GitError } from '../git/ports.ts'
import { hasRecord } from '../history/read.ts'
import { runName } from '../runs/names.ts'
import type { Cursors } from '../runs/run.ts'
import type { PushedCommit } from '../triggers/push.ts'
import type { PushPlan } from '../triggers/push.ts'
import { planPush } from '../triggers/push.ts'
import type { RunRequest } from '../triggers/run-request.ts'
import { repositorySuspension } from '../triggers/suspension.ts'
import { isStillOurs, readOwner } from './claim.ts'
import { cannotBeOpened, initialCursors, updateCursors, withCondition, withReady } from './cursors.ts'
import { definitionsCondition } from './definitions-condition.ts'
import type { CommitDefinitions } from './in-force.ts'
import { findInForce } from './in-force.ts'
import { noteForgottenPushes } from './forgotten-pushes.ts'
import { isHistoryFull } from './history-full.ts'
import type { RepositoryState, Wake } from './repository.ts'
import { noteProblem, startRun } from './repository.ts'
import type { Versions } from './versions.ts'
import { commitsOf, noVersions, restoreVersions, validCommitsOf } from './versions.ts'

/** Most commits of one push that `commits: Each` looks at. */
const MOST_COMMITS = 50

/** One look at the followed branch: new tip, new definitions, runs by push; then the cursor moves. Returns when to look again. */
export async function look(context: Context, state: RepositoryState, wake: Wake, signal: AbortSignal): Promise<number> {
  const { settings, source } = state.followed
  const pace = state.look === 'Pending' ? phaseOf(state.key) : 0.95 + 0.1 * phaseOf(state.key)
  const nextAtMs = (): number => context.clock.now() + settings.intervalSeconds * 1000 * pace
  const cursors = (await context.runs.readCursors(settings.ref)) ?? initialCursors
  let isNews = false
  try {
    // Cursors elsewhere than what is known here: they were moved by a write whose answer was lost, and know better what is in force.
    if (state.versions === null || state.versionsOf !== cursors.lastCommit) {
      const restored = await restoreVersions(cursors, (commit) => definitionsStillThere(state, commit))
      state.versions = restored.versions
      state.versionsAnew = restored.isIncomplete
      state.versionsOf = cursors.lastCommit
      source.keep(commitsOf(restored.versions).map(asCommitSha))
      wake(`names ${state.key}`)
      wake(`ticks ${state.key}`)
      wake(`ends ${state.key}`)
    }
    // The cursors may have been taken over from the branch: the look begins anew.
    if (!state.ownerRead) return (await ownsBranch(context, state, wake, signal)) ? context.clock.now() : nextAtMs()
    const tip = await source.fetchTip(signal)
    isNews = state.tip !== tip || cursors.lastCommit !== tip
    if (isNews) await dealWith(context, state, cursors, tip, wake, signal)
    if (!state.claimed) return nextAtMs()
    if (state.look !== 'Ended' || state.uncovered.size > 0) {
      await noteForgottenPushes(context, state, tip)
      state.uncovered.clear()
      wake(`records ${state.key}`)
    }
  } catch (error) {
    if (!(error instanceof GitError)) throw error
    await noteFailure(context, state, error, wake)
    return nextAtMs()
  }
  if (state.problems.has('look')) context.report({ kind: 'LookRecovered', repository: state.key })
  noteProblem(state, 'look', null, () => undefined)
  const ready =
    settings.trouble === undefined
      ? { status: 'True' as const, reason: 'Followed', message: `${source.branch} is followed` }
      : cannotBeOpened(settings.trouble)
  await updateCursors(context, settings.ref, (current) => withReady(current, settings.generation, ready, context.clock.now()))
  if (isNews || state.look !== 'Ended') {
    state.look = 'Ended'
    wake(`names ${state.key}`)
    wake(`expect ${state.key}`)
    wake(`sweep ${state.key}`)
    wake(`ticks ${state.key}`)
    // Runs that wait for a commit of their workflow.
    wake('resync')
    wake(`records ${state.key}`)
  }
  return nextAtMs()
}

/** The definitions at a commit, parsed only where files changed. */
export async function definitionsAt(state: RepositoryState, commit: string): Promise<Definitions> {
  const { followed, definitionCache: cache, pause } = state
  const { path, policy } = followed.settings
  return loadDefinitions(followed.source.filesAt(asCommitSha(commit)), { path, cache, policy, pause })
}

/** Null only for a commit that is gone for good: whatever may pass must not make us forget what was in force. */
async function definitionsStillThere(state: RepositoryState, commit: string): Promise<Definitions | null> {
  try {
    return await definitionsAt(state, commit)
  } catch (error) {
    if (error instanceof GitError && error.kind === 'ObjectNotFound') return null
    throw error
  }
}

/** Asks again who owns the status branch, which could not be read when this process started. */
async function ownsBranch(context: Context, state: RepositoryState, wake: Wake, signal: AbortSignal): Promise<boolean> {
  try {
    if (!(await readOwner(context, state, false, signal))) {
      wake(`claim ${state.key}`, context.clock.now() + state.followed.settings.intervalSeconds * 1000)
      return false
    }
  } catch (error) {
    // Nobody's, and not to be written: records wait for that, runs do not.
    if (!(error instanceof GitError) || !state.ownerRead) throw error
  }
  wake(`ends ${state.key}`)
  return true
}

/**
 * The commit that was dealt with last. Null before the first look, and where the cursors are of another repository or branch whose last
 * commit is not in the history of this one: all that lies here is its past.
 */
async function lastCommitHere(state: RepositoryState, cursors: Cursors, tip: CommitSha): Promise<CommitSha | null> {
  if (cursors.lastCommit === null) return null
  const last = asCommitSha(cursors.lastCommit)
  return !isElsewhere(state, cursors) || last === tip || (await state.followed.source.range(last, tip, MOST_COMMITS)).forward ? last : null
}

/** Whether the cursors are of another repository or branch. */
function isElsewhere({ followed: { settings, source } }: RepositoryState, { followed }: Cursors): boolean {
  return followed !== undefined && (followed.url !== settings.url || followed.branch !== source.branch)
}

/** A tip that is new to this process or to the cursors. Order: Runs, then the cursor that says they exist. */
async function dealWith(context: Context, state: RepositoryState, cursors: Cursors, tip: CommitSha, wake: Wake, signal: AbortSignal): Promise<void> {
  const { settings, source } = state.followed
  const definitions = await definitionsAt(state, tip)
  const last = await lastCommitHere(state, cursors, tip)
  if (last === null) state.versions = null
  const range = last === null || last === tip ? null : await source.range(last, tip, MOST_COMMITS)
  const versions = await versionsAtTip(state, { tip, definitions, last, range })
  const push =
    last === null || range === null ? noPush : await planPushes(context, state, { definitions, versions, paused: cursors.paused, last, range }, tip)
  // A branch that was left and is followed again has commits that have run, as one that was set back has.
  const rewound = cursors.rewound || push.rewound || isElsewhere(state, cursors)
  if (push.requests.length > 0 && (await isHistoryFull(context, state)) && !(await hasBegun(context, state, push.requests))) return
  if (push.requests.length > 0 && !(await isStillOurs(context, state, signal))) {
    wake(`claim ${state.key}`, context.clock.now() + settings.intervalSeconds * 1000)
    return
  }
  for (const request of push.requests) {
    if (rewound && (await hasRun(state, request))) continue
    state.uncovered.add(runName(settings.ref, request.workflow, request.trigger, request.commit))
    await startRun(context, state, request, wake)
  }
  await updateCursors(context, settings.ref, (current) => {
    if (current.lastCommit !== cursors.lastCommit) throw new ConflictError(`somebody else moved the cursor of ${state.key}`)
    const conditions = withCondition(current.conditions, definitionsCondition(tip, definitions, versions), context.clock.now())
    return { ...current, lastCommit: tip, followed: { url: settings.url, branch: source.branch }, rewound, ...validCommitsOf(versions), conditions }
  })
  for (const held of push.held) context.report({ kind: 'RunHeld', repository: state.key, ...held })
  state.versions = versions
  state.versionsAnew = false
  state.versionsOf = tip
  source.keep(commitsOf(versions).map(asCommitSha))
  if (state.tip !== tip) {
    const schedules = [...versions.schedules.keys()]
    context.report({
      kind: 'LookEnded',
      repository: state.key,
      branch: source.branch,
      commit: tip,
      workflows: [...versions.workflows.keys()],
      schedules,
      diagnostics: definitions.diagnostics,
    })
  }
  state.tip = tip
}

/** What is in force at the tip. The branch's own history is asked when it was never looked at, was stepped back on, or a commit that was in force is gone. */
async function versionsAtTip(
  state: RepositoryState,
  { tip, definitions, last, range }: { tip: CommitSha; definitions: Definitions; last: CommitSha | null; range: CommitRange | null },
): Promise<Versions> {
  const { settings, source } = state.followed
  const isAnew = last === null || state.versionsAnew || range?.forward === false
  const commits: CommitDefinitions = {
    path: settings.path,
    filesAt: (commit) => source.filesAt(asCommitSha(commit)),
    definitionsAt: (commit) => definitionsStillThere(state, commit),
  }
  return findInForce(commits, {
    tip,
    definitions,
    previous: state.versions ?? noVersions,
    before: async () => (isAnew ? await source.history(tip, MOST_COMMITS) : (range?.commits ?? [tip])).slice(0, -1),
    isAnew,
  })
}

const noPush: PushPlan & { rewound: boolean } = { requests: [], held: [], rewound: false }

interface Push {
  definitions: Definitions
  versions: Versions
  paused: Cursors['paused']
  last: CommitSha
  range: CommitRange
}

/** What the way from one tip to the next starts. */
async function planPushes(
  context: Context,
  state: RepositoryState,
  { definitions, versions, paused, last, range }: Push,
  tip: CommitSha,
): Promise<PushPlan & { rewound: boolean }> {
  const { source, settings } = state.followed
  const each = [...versions.workflows.values()].some((version) => version.definition.push?.commits === 'Each')
  const commits: PushedCommit[] = []
  let before = each ? await baseOf(state, last, range) : last
  for (const commit of each ? range.commits : []) {
    const at = commit === tip ? definitions : await definitionsAt(state, commit)
    commits.push({ commit, changedPaths: await source.changedPaths(before, commit), message: await source.message(commit), workflows: at.workflows })
    before = commit
  }
  const whole = {
    commit: tip,
    changedPaths: await source.changedPaths(last, tip),
    message: await source.message(tip),
    workflows: definitions.workflows,
  }
  const plan = planPush({
    branch: source.branch,
    tip: whole,
    each: commits,
    workflows: versions.workflows,
    suspend: repositorySuspension(settings.suspend, paused),
    nowMs: context.clock.now(),
  })
  return { ...plan, rewound: !range.forward }
}

/**
 * What the first commit of a range is compared with: its first parent. That is not where the last look was when there were more commits, or
 * when the branch as it was then was merged into another one that has taken its place.
 */
async function baseOf({ followed: { source } }: RepositoryState, last: CommitSha, { commits, forward }: CommitRange): Promise<CommitSha> {
  const [first] = commits
  if (!forward || first === undefined) return last
  const [parent, itself] = await source.history(first, 2)
  return parent === undefined || itself === undefined ? last : parent
}

/** Whether an earlier look that failed half-way has made some of the runs. */
async function hasBegun(context: Context, { followed: { settings } }: RepositoryState, requests: readonly RunRequest[]): Promise<boolean> {
  for (const { workflow, trigger, commit } of requests) {
    const name = runName(settings.ref, workflow, trigger, commit)
    if ((await context.runs.getRun({ namespace: settings.ref.namespace, name })) !== null) return true
  }
  return false
}

/** Whether a commit that came back after the branch was rewound has run already, though its Run may have been swept since. */
async function hasRun(state: RepositoryState, request: RunRequest): Promise<boolean> {
  const { settings, status } = state.followed
  return hasRecord(status, request.workflow, runName(settings.ref, request.workflow, request.trigger, request.commit))
}

async function noteFailure(context: Context, state: RepositoryState, error: GitError, wake: Wake): Promise<void> {
  const { settings } = state.followed
  noteProblem(state, 'look', error.message, () => {
    context.report({ kind: 'LookFailed', repository: state.key, reason: error.kind, message: error.message })
  })
  if (state.look === 'Pending') {
    state.look = 'Failed'
    wake(`ticks ${state.key}`)
  }
  await updateCursors(context, settings.ref, (current) =>
    withReady(current, settings.generation, { status: 'False', reason: error.kind, message: error.message }, context.clock.now()),
  )
}

/**
 * Above 0 and up to 1, always the same for a Repository. After the first look, which all of them have at the start, the second follows within this
 * part of the interval; later ones in steps a little shorter or longer than it: so many of them with the same interval never ask all at once.
 */
function phaseOf(key: string): number {
  return (createHash('sha256').update(key).digest().readUInt16BE(0) + 1) / 65_536
}
