import type { Container, EnvVar, Json, JsonObject } from '../container.ts'
import type { DraftStep, DraftWork } from '../draft.ts'
import { limitSeconds } from '../duration.ts'
import { CONTAINER_FIELDS, stepKind, type StepKind } from '../workflow-source.ts'
import type { ContainerWork, Dependency, Expansion } from '../workflow.ts'
import { bareExpression } from '../expressions/render.ts'
import type { WrittenDependency, WrittenStep, WrittenStepDefaults, WrittenTemplateStep, WrittenUndo } from '../written.ts'

const OF_CONTAINERS: ReadonlySet<string> = new Set(CONTAINER_FIELDS)

const DEFAULT_TIMEOUT_SECONDS = 6 * 3600
const DEFAULT_START_TIMEOUT_SECONDS = 15 * 60

/** What `defaults` and `chain` say about the steps of a list. */
export interface StepContext {
  defaults: WrittenStepDefaults
  /** What must have become of the step above for one without `dependsOn`; null without `chain`. */
  chain: Dependency['when'] | null
}

/** The steps of a list as meant. */
export function normaliseSteps(steps: readonly WrittenStep[], context: StepContext): DraftStep[] {
  return steps.map((step, index) => normaliseStep(step, steps[index - 1], context))
}

/** The step of a template; it has no name, and nobody's defaults. */
export function normaliseTemplateStep(step: WrittenTemplateStep): DraftStep {
  return normaliseStep({ ...(step as Omit<WrittenStep, 'name'>), name: '' }, undefined, { defaults: {}, chain: null })
}

function normaliseStep(own: WrittenStep, above: WrittenStep | undefined, { defaults, chain }: StepContext): DraftStep {
  const step = withDefaults(own, defaults)
  const work = normaliseWork(step, stepKind(Object.keys(own), Object.keys(defaults)), own)
  const chained: Dependency[] = above && chain !== null ? [{ step: above.name, when: chain }] : []
  return {
    name: own.name,
    dependsOn: step.dependsOn ? step.dependsOn.map(normaliseDependency) : chained,
    work,
    timeoutSeconds: work.kind === 'Join' || work.kind === 'Approval' ? null : limitSeconds(step.timeout, DEFAULT_TIMEOUT_SECONDS),
    retries: step.retries ?? (work.kind === 'Reference' ? null : 0),
    allowFailure: step.allowFailure ?? false,
    source: step.source !== undefined && step.source !== false,
    sourcePaths: typeof step.source === 'object' ? (step.source.paths ?? []) : [],
    if: step.if === undefined ? null : bareExpression(step.if).text,
    startTimeoutSeconds: limitSeconds(step.startTimeout, DEFAULT_START_TIMEOUT_SECONDS),
    results: step.results ?? {},
    expansion: normaliseExpansion(step),
    maxParallel: step.maxParallel ?? null,
    undo: step.undo === undefined ? null : normaliseUndo(step, step.undo),
    templates: [],
  }
}

function normaliseExpansion({ matrix, forEach }: WrittenStep): Expansion | null {
  if (matrix !== undefined) return { kind: 'Matrix', values: typeof matrix === 'string' ? bareExpression(matrix).text : normaliseLists(matrix) }
  if (forEach !== undefined) return { kind: 'ForEach', items: normaliseList(forEach as Json[] | string) }
  return null
}

function normaliseLists(lists: { [key: string]: unknown }): Record<string, Json[] | string> {
  return Object.fromEntries(Object.entries(lists).map(([key, list]) => [key, normaliseList(list as Json[] | string)]))
}

function normaliseList(list: Json[] | string): Json[] | string {
  return typeof list === 'string' ? bareExpression(list).text : list
}

/** Its fields default to the step's; what it runs is one thing, as with defaults. */
function normaliseUndo(step: WrittenStep, undo: WrittenUndo): ContainerWork {
  const { manifest: _, ...rest } = step
  const whole = withDefaults({ ...undo, name: step.name }, rest)
  return { kind: 'Container', container: normaliseContainer(whole), pod: (whole.pod ?? {}) as JsonObject, job: (whole.job ?? {}) as JsonObject }
}

function normaliseDependency(dependency: WrittenDependency): Dependency {
  if (typeof dependency === 'string') return { step: dependency, when: 'Succeeded' }
  return { step: dependency.step, when: dependency.when ?? 'Succeeded' }
}

/** The step with the defaults where it says nothing itself. What a step runs is one thing: its own command does not mix with a default script. */
function withDefaults(own: WrittenStep, defaults: WrittenStepDefaults): WrittenStep {
  const isOwnScript = own.script !== undefined
  const isOwnCommand = own.command !== undefined || own.args !== undefined
  const step = { ...defaults, ...own }
  if (isOwnCommand && own.script === undefined) delete step.script
  if (isOwnScript && own.command === undefined) delete step.command
  if (isOwnScript && own.args === undefined) delete step.args
  if (own.pod !== undefined && defaults.pod) step.pod = { ...defaults.pod, ...own.pod }
  if (own.job !== undefined && defaults.job) step.job = { ...defaults.job, ...own.job }
  if (own.env !== undefined && defaults.env) step.env = mergeEnv(defaults.env, own.env ?? [])
  return step
}

/** By name; a step's own variables come after the defaults, so that they may refer to them. */
function mergeEnv(defaults: readonly NonNullable<WrittenStep['env']>[number][], own: readonly NonNullable<WrittenStep['env']>[number][]) {
  const names = new Set(own.map(({ name }) => name))
  return [...defaults.filter(({ name }) => !names.has(name)), ...own]
}

function normaliseWork(step: WrittenStep, kind: StepKind, own: WrittenStep): DraftWork {
  switch (kind) {
    case 'Manifest':
      return { kind: 'Reference', path: step.manifest ?? '', env: (step.env ?? []) as EnvVar[] }
    case 'Container':
      return { kind: 'Container', container: normaliseContainer(step), pod: (step.pod ?? {}) as JsonObject, job: (step.job ?? {}) as JsonObject }
    case 'Approval':
      return { kind: 'Approval', by: step.approval?.by ?? [], timeoutSeconds: limitSeconds(step.approval?.timeout, null) }
    case 'Template':
      return { kind: 'Use', template: step.use ?? '', with: (step.with ?? {}) as JsonObject, own: ownLimits(own) }
    case 'Join':
      return { kind: 'Join' }
  }
}

/** What a step that uses a template says itself about limits; the template says the rest. */
function ownLimits({ timeout, retries, startTimeout }: WrittenStep): Extract<DraftWork, { kind: 'Use' }>['own'] {
  return {
    ...(timeout !== undefined && { timeoutSeconds: limitSeconds(timeout, null) }),
    ...(retries !== undefined && { retries }),
    ...(startTimeout !== undefined && { startTimeoutSeconds: limitSeconds(startTimeout, null) }),
  }
}

function normaliseContainer(step: WrittenStep): Container {
  const container: Container = {}
  for (const [field, value] of Object.entries(step)) if (OF_CONTAINERS.has(field)) container[field] = value
  return step.script === undefined ? container : { ...container, command: ['/bin/sh', '-eu', '-c', escapeReferences(step.script)] }
}

/** Kubernetes replaces `$(NAME)` in a command and makes `$$` one `$`; to a shell both mean something else. */
function escapeReferences(script: string): string {
  return script.includes('$$') || script.includes('$(') ? script.replaceAll(/\$(?=[$(])/g, '$$$$') : script
}
