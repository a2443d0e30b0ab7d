import type { Workflow } from '../definitions/workflow.ts'
import { createPathFilter } from './paths.ts'
import type { RunRequest } from './run-request.ts'
import { suspensionAt, suspensionReason, suspensionsInForce } from './suspension.ts'
import type { WrittenSuspension } from './suspension.ts'

/** Most commits of one push that `commits: Each` runs; older ones are left out. */
const MOST_COMMITS = 50

/** Paths below it are Fusee's own records: they start nothing. */
const HISTORY_FOLDER = 'history/'

const SKIP_MARK = /\[skip fusee\]/i

/** A commit that a push has brought. */
export interface PushedCommit {
  commit: string
  /** Paths that it changed, relative to the root. */
  changedPaths: readonly string[]
  message: string
  /** The workflows that are valid at it. */
  workflows: readonly Workflow[]
}

/** What the plan of one push depends on. */
export interface PushInput {
  branch: string
  /** The newest commit; its `changedPaths` are those that differ from the tip of the last look, over all commits between. */
  tip: PushedCommit
  /** Each commit by first parents, oldest first, the tip included, with what differs from the one before. May be empty when no workflow asks for `Each`. */
  each: readonly PushedCommit[]
  /** The workflows in force after the push: the tip's, and those that it breaks as they last were. Others are gone. */
  workflows: ReadonlyMap<string, { definition: Pick<Workflow, 'suspend'> }>
  /** The Repository's own suspension. */
  suspend: WrittenSuspension
  nowMs: number
}

/** A run that a push would have started. */
export interface HeldRun {
  workflow: string
  commit: string
  reason: string
}

/** The runs that a push starts, oldest commit first, and those that are held back: for good, nothing starts them later. */
export interface PushPlan {
  requests: RunRequest[]
  held: HeldRun[]
}

/**
 * What a push starts. `Latest`: one run at the tip, when the push as a whole has changed a path that is meant. `Each`: one at each
 * commit that has changed one. A commit's own definition counts: one that is invalid at it starts nothing there; but a workflow that
 * the tip no longer has starts nothing at all.
 *
 * - Without `paths` any push starts a run, also an empty commit. A push that adds a workflow is no special case: its own file is among
 *   the changed paths, so that it runs at once without `paths`, or when they mean its file too.
 * - What lies below `history/` never counts as changed, and a push of nothing else starts nothing.
 * - `[skip fusee]` in the message, for `Latest` of the tip, holds the run back.
 * - So does a suspension that holds now, of the workflow as it is in force after the push or of the Repository. Nothing is made up for
 *   when it ends: the next push starts the next run.
 */
export function planPush(input: PushInput): PushPlan {
  const plan: PushPlan = { requests: [], held: [] }
  for (const commit of input.each.slice(-MOST_COMMITS)) addRuns(plan, input, commit, 'Each')
  addRuns(plan, input, input.tip, 'Latest')
  return plan
}

function addRuns(plan: PushPlan, input: PushInput, at: PushedCommit, commits: 'Each' | 'Latest'): void {
  const meant = at.workflows.filter(
    ({ name, push }) => push?.commits === commits && input.workflows.has(name) && isMeant(push.paths, at.changedPaths),
  )
  for (const { name } of meant) {
    const reason = reasonToHold(input, name, at)
    if (reason === null) plan.requests.push({ workflow: name, commit: at.commit, trigger: { kind: 'Push', branch: input.branch }, params: {} })
    else plan.held.push({ workflow: name, commit: at.commit, reason })
  }
}

function isMeant(globs: readonly string[], changedPaths: readonly string[]): boolean {
  const counting = changedPaths.filter((path) => !path.startsWith(HISTORY_FOLDER))
  if (counting.length === 0) return changedPaths.length === 0 && globs.length === 0
  return counting.some(createPathFilter(globs))
}

function reasonToHold(input: PushInput, workflow: string, at: PushedCommit): string | null {
  if (SKIP_MARK.test(at.message)) return 'the commit message says [skip fusee]'
  const suspensions = suspensionsInForce([
    { subject: 'repository', suspend: input.suspend },
    { subject: `workflow ${workflow}`, suspend: input.workflows.get(workflow)?.definition.suspend ?? null },
  ])
  const suspension = suspensionAt(suspensions, input.nowMs)
  return suspension === null ? null : suspensionReason(suspension)
}
