import type { CommitSha } from '../../src/git/ports.ts'
import type { SeededRandom } from '../../src/simulation/seeded-random.ts'
import type { GitRemote, Tree } from './git-remote.ts'
import { drawSteps } from './draw-steps.ts'
import { fileOf, type ConcurrencyModel, type RepositoryModel, type ScheduleModel, type WorkflowModel } from './model.ts'
import { renderWorkflow } from './render-workflow.ts'

/** Whoever pushes to the simulated repository. */
export interface Author {
  /** What was meant at each commit. */
  models: ReadonlyMap<CommitSha, RepositoryModel>
  /** Pushes one to three commits, or moves the branch back. Returns a word on it. */
  push(random: SeededRandom): Promise<string>
  /** Pushes a commit that changes nothing below `workflows/`, such as a review that is brought in. */
  land(tree: Tree, message: string, merged: readonly CommitSha[]): Promise<void>
  /** Pushes a commit without any workflow. */
  pushNothing(): Promise<void>
}

/** How the workflows of a scenario are. */
export interface AuthorStyle {
  workflows: number
  /** Period of the schedules in ms; null for none. */
  periodMs: number | null
  /** Whether mistakes, force pushes and changes of schedules happen. */
  isCareful: boolean
  /** Whether schedules may want runs that were lost once more. */
  mayRerun: boolean
}

const NAMES = ['load', 'report', 'tidy', 'audit', 'extra']
const DATA_PATHS = ['reports/week.md', 'reports/drafts/next.md', 'data/sites.csv', 'README.md', 'history/note.md']
const PATH_FILTERS = [[], [], ['reports/**'], ['reports/**', '!reports/drafts/**'], ['data/*.csv'], ['workflows/**']]

/** An author who has already pushed a first commit; `onCommit` is awaited after each. */
export async function createAuthor(
  remote: GitRemote,
  random: SeededRandom,
  style: AuthorStyle,
  onCommit: (commit: CommitSha) => Promise<void>,
): Promise<Author> {
  const models = new Map<CommitSha, RepositoryModel>()

  const commit = async (parent: CommitSha | null, model: RepositoryModel, message: string): Promise<CommitSha> => {
    const sha = await remote.push(parent, new Map([...historyOf(remote, parent), ...treeOf(model)]), message)
    models.set(sha, model)
    await onCommit(sha)
    return sha
  }
  const modelAt = (sha: CommitSha): RepositoryModel => models.get(sha) ?? { workflows: [], data: new Map() }

  const first: RepositoryModel = {
    workflows: NAMES.slice(0, style.workflows).map((name) => drawWorkflow(random, style, name)),
    data: new Map(DATA_PATHS.map((path) => [path, 'first\n'])),
  }
  await commit(null, first, 'Begin')

  return {
    models,
    async push(draw) {
      const kind = style.isCareful ? 'Forward' : draw.pick(['Forward', 'Forward', 'Forward', 'Rewind', 'Replace'] as const)
      const back = kind === 'Forward' ? 0 : draw.integer(1, 3)
      let at = remote.tip()
      for (let step = 0; step < back; step++) at = remote.commits.get(at)?.parent ?? at
      const count = kind === 'Rewind' ? 0 : draw.integer(1, 3)
      const words: string[] = []
      for (let index = 0; index < count; index++) {
        const { model, word } = edit(draw, style, modelAt(at))
        at = await commit(at, model, word)
        words.push(word)
      }
      remote.reset(at)
      return `${kind}: ${words.join(', ')} -> ${at.slice(0, 7)}`
    },
    async land(tree, message, merged) {
      const tip = remote.tip()
      const sha = await remote.push(tip, tree, message, merged)
      models.set(sha, modelAt(tip))
      await onCommit(sha)
    },
    async pushNothing() {
      await commit(remote.tip(), { workflows: [], data: modelAt(remote.tip()).data }, 'Remove all workflows')
    },
  }
}

/** What reviews have brought in: authors leave it alone. */
function historyOf({ commits }: GitRemote, commit: CommitSha | null): Tree {
  const tree = commit === null ? undefined : commits.get(commit)?.tree
  return new Map([...(tree ?? [])].filter(([path]) => path.startsWith('history/') && !DATA_PATHS.includes(path)))
}

function treeOf(model: RepositoryModel): Tree {
  return new Map([...model.data, ...model.workflows.map((workflow) => [fileOf(workflow), renderWorkflow(workflow)] as const)])
}

/** One change, as people make them. */
function edit(random: SeededRandom, style: AuthorStyle, model: RepositoryModel): { model: RepositoryModel; word: string } {
  const kind = random.pick(
    style.isCareful
      ? (['Data', 'Data', 'Steps'] as const)
      : (['Data', 'Data', 'Data', 'Steps', 'Schedules', 'Add', 'Remove', 'Break', 'Repair', 'Repair'] as const),
  )
  const touched = random.pick(DATA_PATHS)
  const data = new Map([...model.data, [touched, `${random.uuid()}\n`]])
  const victim = model.workflows.length === 0 ? null : random.pick(model.workflows)
  const change = (next: WorkflowModel): RepositoryModel => ({ ...model, workflows: model.workflows.map((one) => (one === victim ? next : one)) })
  const free = NAMES.find((name) => !model.workflows.some((workflow) => workflow.name === name))

  if (kind === 'Add' && free !== undefined) {
    return { model: { ...model, workflows: [...model.workflows, drawWorkflow(random, style, free)] }, word: `add ${free}` }
  }
  if (victim === null || kind === 'Data' || kind === 'Add') return { model: { ...model, data }, word: `touch ${touched}` }
  switch (kind) {
    case 'Remove':
      return { model: { ...model, workflows: model.workflows.filter((one) => one !== victim) }, word: `remove ${victim.name}` }
    case 'Break':
      return { model: change({ ...victim, mistake: random.pick(['Dependency', 'Dependency', 'Bracket', 'Garbage']) }), word: `break ${victim.name}` }
    case 'Repair':
      return { model: { ...model, data, workflows: model.workflows.map((one) => ({ ...one, mistake: null })) }, word: `repair all, touch ${touched}` }
    case 'Schedules':
      return { model: change({ ...victim, schedules: drawSchedules(random, style, victim.name) }), word: `reschedule ${victim.name}` }
    case 'Steps':
      return { model: change({ ...victim, concurrency: drawConcurrency(random), ...drawSteps(random) }), word: `new steps of ${victim.name}` }
  }
}

function drawWorkflow(random: SeededRandom, style: AuthorStyle, name: string): WorkflowModel {
  const push = random.chance(0.75) ? { paths: random.pick(PATH_FILTERS), commits: random.pick(['Latest', 'Latest', 'Each'] as const) } : null
  return {
    name,
    push,
    schedules: drawSchedules(random, style, name),
    timeoutSeconds: random.chance(0.15) ? random.integer(20, 240) : null,
    failFast: random.chance(0.15),
    maxParallel: random.chance(0.2) ? random.integer(1, 2) : null,
    retention: { succeeded: random.integer(1, 3), failed: random.integer(1, 3) },
    concurrency: drawConcurrency(random),
    go: random.chance(0.7),
    ...drawSteps(random),
    mistake: null,
  }
}

function drawConcurrency(random: SeededRandom): ConcurrencyModel {
  const policy = random.pick(['Allow', 'Allow', 'Allow', 'Forbid', 'Replace', 'Queue'] as const)
  return { policy, byTrigger: random.chance(0.3), limit: random.integer(1, 3) }
}

function drawSchedules(random: SeededRandom, { periodMs, mayRerun }: AuthorStyle, workflow: string): ScheduleModel[] {
  if (periodMs === null || random.chance(0.35)) return []
  const standsAlone = random.chance(0.7)
  const offsets = periodMs === 60_000 ? [0] : [0, 60_000, 120_000]
  return [
    {
      name: standsAlone ? `${workflow}-ticks` : workflow,
      periodMs,
      offsetMs: random.pick(offsets),
      catchUp: standsAlone ? random.pick(['Latest', 'All', 'None'] as const) : 'Latest',
      startingDeadlineSeconds: standsAlone && random.chance(0.5) ? random.pick([60, 90, 300]) : null,
      isRerunAfterLoss: mayRerun && random.fork(`after loss ${workflow}`).chance(0.5),
      standsAlone,
    },
  ]
}
