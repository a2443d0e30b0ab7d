import type { CommitSha } from '../../../src/git/ports.ts'
import type { Cursors } from '../../../src/runs/run.ts'
import type { RunFacts } from '../facts.ts'
import { matchesPaths, type WorkflowModel } from '../model.ts'
import { wasPushRecorded } from './loss.ts'
import { workflowAt, type Case } from './case.ts'

const MOST_COMMITS = 50

/** Judges a move of the cursor over commits: every push that it passes over must have its runs. */
export function checkPassedPushes(input: Case, before: Cursors | null, after: Cursors): void {
  const from = (before?.lastCommit ?? null) as CommitSha | null
  const to = after.lastCommit as CommitSha | null
  if (from === null || to === null || from === to) return
  if (!input.facts.seenTips.has(to)) input.complain('unseen-tip', `the cursor stands at ${to}, which was never the tip`)
  for (const { name, push, mistake } of input.models.get(to)?.workflows ?? []) {
    if (push === null || mistake !== null) continue
    for (const commit of push.commits === 'Latest' ? [to] : eachCommit(input, from, to, name)) {
      const base = push.commits === 'Latest' ? from : (input.remote.commits.get(commit)?.parent ?? null)
      const workflow = workflowAt(input, commit, name)
      if (workflow === null || !isDue(input, workflow, push.commits === 'Each' && !isForward(input, from, to) ? from : base, commit)) continue
      if (pushRuns(input, name, commit).length === 0 && !wasPushRecorded(input, name, commit))
        input.complain('push-lost', `the cursor passed ${commit}, ${name} has no run of it`)
    }
  }
}

/** Judges a run by push when it is created: somebody must have pushed what it is for. */
export function checkPushRun(input: Case, { name, run }: RunFacts): void {
  const commit = run.spec.commit as CommitSha
  const workflow = workflowAt(input, commit, run.spec.workflow)
  if (workflow?.push == null || workflow.mistake !== null) {
    return input.complain('push-unwanted', `run ${name} is of a commit at which ${run.spec.workflow} is not valid or not started by pushes`)
  }
  const runs = pushRuns(input, run.spec.workflow, commit)
  if (runs.length > 1) input.complain('push-twice', `${run.spec.workflow} has several runs of ${commit}: ${runs.map((one) => one.name).join(', ')}`)
  const tips = [...input.facts.seenTips.keys()]
  const isSeen = workflow.push.commits === 'Latest' ? tips.includes(commit) : tips.some((tip) => input.remote.between(commit, tip) !== null)
  if (!isSeen) input.complain('push-unseen', `run ${name} is of commit ${commit}, which no look has found`)
  const bases = [
    input.remote.commits.get(commit)?.parent ?? null,
    ...input.facts.cursorWrites.map(({ after }) => after.lastCommit as CommitSha | null),
  ]
  const isWanted = bases.some((base) => base === null || mayBeDue(input, workflow, base, commit))
  if (!isWanted) input.complain('push-unmatched', `run ${name} started though nothing changed below its paths`)
}

/** Commits of the way at which the workflow is valid and wants each: those that must have a run. */
function eachCommit(input: Case, from: CommitSha, to: CommitSha, name: string): CommitSha[] {
  const way = input.remote.between(from, to)?.slice(-MOST_COMMITS) ?? [to]
  return way.filter((commit) => {
    const workflow = workflowAt(input, commit, name)
    return workflow?.mistake === null && workflow.push?.commits === 'Each'
  })
}

function isForward(input: Case, from: CommitSha, to: CommitSha): boolean {
  return input.remote.between(from, to) !== null
}

/** Whether what changed asks for a run; commits that touch nothing but `history/` never do. */
function isDue(input: Case, workflow: WorkflowModel, from: CommitSha | null, to: CommitSha): boolean {
  const paths = input.remote.changedPaths(from, to).filter((path) => !path.startsWith('history/'))
  return paths.some((path) => matchesPaths(workflow.push?.paths ?? [], path))
}

/** The same, and what may as well be read otherwise: a push that adds the workflow, and one that changes nothing at all. */
function mayBeDue(input: Case, workflow: WorkflowModel, from: CommitSha, to: CommitSha): boolean {
  if (isDue(input, workflow, from, to) || workflowAt(input, from, workflow.name) === null) return true
  return workflow.push?.paths.length === 0 && input.remote.changedPaths(from, to).length === 0
}

function pushRuns(input: Case, workflow: string, commit: CommitSha): RunFacts[] {
  return [...input.facts.runs.values()].filter(
    ({ run: { spec } }) => spec.trigger.kind === 'Push' && spec.workflow === workflow && spec.commit === commit,
  )
}
