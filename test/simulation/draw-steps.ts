import type { Dependency, DependencyCondition } from '../../src/definitions/workflow.ts'
import type { SeededRandom } from '../../src/simulation/seeded-random.ts'
import type { StepModel, WorkflowModel } from './model.ts'

const FINALLY_LACKS = { kind: 'Container', hasUndo: false, expansion: null, maxParallel: null } as const

/** One to five steps that wait for one another, and now and then a `finally` step. */
export function drawSteps(random: SeededRandom): Pick<WorkflowModel, 'steps' | 'finally'> {
  const steps: StepModel[] = []
  const count = random.integer(1, 5)
  for (let index = 0; index < count; index++) steps.push(drawStep(random, `s${index}`, steps))
  const last = random.chance(0.3) ? [{ ...drawStep(random, 'f0', []), ...FINALLY_LACKS }] : []
  return { steps, finally: last }
}

function drawStep(random: SeededRandom, name: string, before: readonly StepModel[]): StepModel {
  const targets = before.filter(() => random.chance(before.length > 2 ? 0.4 : 0.6))
  const dependsOn = targets.map((target): Dependency => ({
    step: target.name,
    when: possibleWhen(target, drawWhen(random), targets.length === 1, before),
  }))
  if (dependsOn.length > 1 && random.chance(0.25)) return { ...plainStep(name, dependsOn), kind: 'Join' }
  if (random.chance(0.06)) return { ...plainStep(name, dependsOn), kind: 'Approval', timeoutSeconds: random.integer(10, 120) }
  const expansion = random.chance(0.12) ? drawExpansion(random, readable(dependsOn, before)) : null
  return {
    ...plainStep(name, dependsOn),
    retries: random.chance(0.7) ? 0 : random.integer(1, 2),
    timeoutSeconds: random.chance(0.2) ? random.integer(5, 120) : null,
    allowFailure: random.chance(0.15),
    if: random.chance(0.2) ? drawCondition(random, readable(dependsOn, before)) : null,
    expansion,
    maxParallel: expansion !== null && random.chance(0.3) ? 1 : null,
    hasResults: random.chance(0.25),
    hasUndo: random.chance(0.25),
  }
}

function plainStep(name: string, dependsOn: StepModel['dependsOn']): StepModel {
  return {
    name,
    kind: 'Container',
    dependsOn,
    retries: 0,
    timeoutSeconds: null,
    allowFailure: false,
    if: null,
    expansion: null,
    maxParallel: null,
    hasResults: false,
    hasUndo: false,
  }
}

/** Steps whose results are there whenever this one is looked at. */
function readable(dependsOn: readonly Dependency[], before: readonly StepModel[]): StepModel[] {
  return before.filter(
    (step) =>
      step.hasResults &&
      step.expansion === null &&
      !step.allowFailure &&
      dependsOn.some(({ step: name, when }) => name === step.name && when === 'Succeeded'),
  )
}

function drawCondition(random: SeededRandom, sources: readonly StepModel[]): StepModel['if'] {
  return sources.length > 0 && random.chance(0.8) ? { kind: 'Above', step: random.pick(sources).name } : { kind: 'Go' }
}

function drawExpansion(random: SeededRandom, sources: readonly StepModel[]): StepModel['expansion'] {
  if (sources.length > 0 && random.chance(0.8)) return { kind: 'Items', step: random.pick(sources).name }
  return { kind: random.pick(['List', 'Matrix'] as const), count: random.integer(1, 3) }
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
