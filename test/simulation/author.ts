import type { Dependency, DependencyCondition } from '../../src/definitions/workflow.ts'
import type { CommitSha } from '../../src/git/ports.ts'
import type { SeededRandom } from '../../src/simulation/seeded-random.ts'
import type { GitRemote, Tree } from './git-remote.ts'
import { fileOf, renderWorkflow, type RepositoryModel, type ScheduleModel, type StepModel, type WorkflowModel } from './model.ts'

/** Whoever pushes to the simulated repository. */
export interface Author {
  /** What was meant at each commit. */
  models: ReadonlyMap<CommitSha, RepositoryModel>
  /** Pushes one to three commits, or moves the branch back. Returns a word on it. */
  push(random: SeededRandom): Promise<string>
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
    const sha = await remote.push(parent, treeOf(model), message)
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
    async pushNothing() {
      await commit(remote.tip(), { workflows: [], data: modelAt(remote.tip()).data }, 'Remove all workflows')
    },
  }
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
      return { model: change({ ...victim, ...drawSteps(random) }), word: `new steps of ${victim.name}` }
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
    ...drawSteps(random),
    mistake: null,
  }
}

function drawSchedules(random: SeededRandom, { periodMs }: AuthorStyle, workflow: string): ScheduleModel[] {
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
      standsAlone,
    },
  ]
}

function drawSteps(random: SeededRandom): Pick<WorkflowModel, 'steps' | 'finally'> {
  const steps: StepModel[] = []
  const count = random.integer(1, 5)
  for (let index = 0; index < count; index++) steps.push(drawStep(random, `s${index}`, steps))
  const last = random.chance(0.3) ? [drawStep(random, 'f0', [])] : []
  return { steps, finally: last }
}

function drawStep(random: SeededRandom, name: string, before: readonly StepModel[]): StepModel {
  const targets = before.filter(() => random.chance(before.length > 2 ? 0.4 : 0.6))
  const dependsOn = targets.map((target): Dependency => ({
    step: target.name,
    when: possibleWhen(target, drawWhen(random), targets.length === 1, before),
  }))
  const isJoin = dependsOn.length > 1 && random.chance(0.25)
  return {
    name,
    kind: isJoin ? 'Join' : 'Container',
    dependsOn,
    retries: isJoin || random.chance(0.7) ? 0 : random.integer(1, 2),
    timeoutSeconds: !isJoin && random.chance(0.2) ? random.integer(5, 120) : null,
    allowFailure: !isJoin && random.chance(0.15),
  }
}

/**
 * Conditions that can hold together, since others are a mistake: a join cannot fail, and a step with several dependencies waits neither
 * for a failure nor for what only comes after one.
 */
function possibleWhen(target: StepModel, when: DependencyCondition, isAlone: boolean, steps: readonly StepModel[]): DependencyCondition {
  if (target.kind === 'Join' && when === 'Failed') return 'Always'
  return !isAlone && (when === 'Failed' || followsFailure(target, steps)) ? 'Always' : when
}

function followsFailure(step: StepModel, steps: readonly StepModel[]): boolean {
  return step.dependsOn.some(({ step: name, when }) => {
    const target = steps.find((candidate) => candidate.name === name)
    return when === 'Failed' || (when !== 'Always' && target !== undefined && followsFailure(target, steps))
  })
}

function drawWhen(random: SeededRandom): DependencyCondition {
  return random.pick(['Succeeded', 'Succeeded', 'Succeeded', 'Succeeded', 'Failed', 'NotFailed', 'Always'] as const)
}
