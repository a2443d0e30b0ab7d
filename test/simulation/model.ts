import type { Dependency } from '../../src/definitions/workflow.ts'

/**
 * What the authors of a simulated repository mean, apart from the text in which they write it: the oracle judges by this
 * and never by what the product has made of the text.
 */
export interface RepositoryModel {
  workflows: readonly WorkflowModel[]
  /** Files that are no definitions: content by path. */
  data: ReadonlyMap<string, string>
}

export interface WorkflowModel {
  name: string
  push: { paths: readonly string[]; commits: 'Latest' | 'Each' } | null
  schedules: readonly ScheduleModel[]
  timeoutSeconds: number | null
  failFast: boolean
  maxParallel: number | null
  retention: { succeeded: number; failed: number }
  steps: readonly StepModel[]
  finally: readonly StepModel[]
  /** A mistake: a dependency on a step that is not there, a bracket that is never closed, or a file that holds no YAML at all. */
  mistake: 'Dependency' | 'Bracket' | 'Garbage' | null
}

export interface StepModel {
  name: string
  kind: 'Container' | 'Join'
  dependsOn: readonly Dependency[]
  retries: number
  timeoutSeconds: number | null
  allowFailure: boolean
}

/** Ticks are at every multiple of `periodMs` since the epoch, plus `offsetMs`. */
export interface ScheduleModel {
  name: string
  periodMs: number
  offsetMs: number
  catchUp: 'Latest' | 'All' | 'None'
  startingDeadlineSeconds: number | null
  /** Written as a document of its own; else as a trigger of the workflow, which has neither catch-up nor deadline. */
  standsAlone: boolean
}

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000

/** The ticks after `afterMs` up to and including `untilMs`. */
export function ticksBetween({ periodMs, offsetMs }: ScheduleModel, afterMs: number, untilMs: number): number[] {
  const ticks: number[] = []
  const first = (Math.floor((afterMs - offsetMs) / periodMs) + 1) * periodMs + offsetMs
  for (let tick = first; tick <= untilMs; tick += periodMs) ticks.push(tick)
  return ticks
}

/** Whether two schedules have the same ticks. */
export function hasSameTicks(left: ScheduleModel, right: ScheduleModel): boolean {
  return left.periodMs === right.periodMs && left.offsetMs === right.offsetMs
}

/** Whether a changed path starts the workflow. Knows `folder/**`, `folder/*.ending` and `!`; later ones win. */
export function matchesPaths(patterns: readonly string[], path: string): boolean {
  if (patterns.length === 0) return true
  let isMatch = false
  for (const pattern of patterns) {
    if (matchesPattern(pattern.replace(/^!/, ''), path)) isMatch = !pattern.startsWith('!')
  }
  return isMatch
}

function matchesPattern(pattern: string, path: string): boolean {
  const [folder = '', ending = ''] = pattern.split('/*')
  if (ending === '*') return path.startsWith(`${folder}/`)
  return path.startsWith(`${folder}/`) && path.endsWith(ending) && !path.slice(folder.length + 1).includes('/')
}

/** The file in which a workflow is written, with its schedules. */
export function fileOf(workflow: WorkflowModel): string {
  return `workflows/${workflow.name}.yaml`
}

/** The workflow as its author writes it. */
export function renderWorkflow(workflow: WorkflowModel): string {
  const { name, push, schedules, timeoutSeconds, failFast, maxParallel, retention, steps, mistake } = workflow
  const own = schedules.filter((schedule) => !schedule.standsAlone)
  const ending = workflow.finally.length === 0 ? '' : `  finally:\n${workflow.finally.map(renderStep).join('')}`
  const text = `apiVersion: fusee.dev/v1alpha1
kind: Workflow
metadata: {name: ${name}}
spec:
${renderTriggers(push, own)}${timeoutSeconds === null ? '' : `  timeout: ${timeoutSeconds}s\n`}${failFast ? '  failFast: true\n' : ''}${
    maxParallel === null ? '' : `  maxParallel: ${maxParallel}\n`
  }  retention: {succeeded: ${retention.succeeded}, failed: ${retention.failed}}
  steps:
${steps.map(renderStep).join('')}${mistake === 'Dependency' ? '    - {name: lost, image: busybox, script: "true", dependsOn: [nowhere]}\n' : ''}${
    mistake === 'Bracket' ? '    - {name: lost, image: [busybox\n' : ''
  }${ending}`
  const documents = [text, ...schedules.filter((schedule) => schedule.standsAlone).map((schedule) => renderSchedule(name, schedule))]
  return mistake === 'Garbage' ? 'a: b: {\n' : documents.join('---\n')
}

function renderTriggers(push: WorkflowModel['push'], own: readonly ScheduleModel[]): string {
  if (push === null && own.length === 0) return ''
  const paths = push === null || push.paths.length === 0 ? '' : `paths: ${JSON.stringify(push.paths)}, `
  const pushLine = push === null ? '' : `    push: {${paths}commits: ${push.commits}}\n`
  const scheduleLine = own.length === 0 ? '' : `    schedule: [${own.map((schedule) => `{cron: "${cronOf(schedule)}"}`).join(', ')}]\n`
  return `  triggers:\n${pushLine}${scheduleLine}`
}

function renderSchedule(workflow: string, schedule: ScheduleModel): string {
  const deadline = schedule.startingDeadlineSeconds === null ? '' : `  startingDeadline: ${schedule.startingDeadlineSeconds}s\n`
  return `apiVersion: fusee.dev/v1alpha1
kind: Schedule
metadata: {name: ${schedule.name}}
spec:
  workflow: ${workflow}
  cron: "${cronOf(schedule)}"
  catchUp: ${schedule.catchUp}
${deadline}`
}

function cronOf({ periodMs, offsetMs }: ScheduleModel): string {
  if (periodMs === MINUTE_MS) return '* * * * *'
  const offsetMinutes = offsetMs / MINUTE_MS
  return periodMs === HOUR_MS ? `${offsetMinutes} * * * *` : `${offsetMinutes}-59/${periodMs / MINUTE_MS} * * * *`
}

function renderStep(step: StepModel): string {
  const dependencies = step.dependsOn.map(({ step: name, when }) => (when === 'Succeeded' ? name : `{step: ${name}, when: ${when}}`))
  const fields = [
    `name: ${step.name}`,
    ...(step.kind === 'Join' ? [] : ['image: "busybox:1.36"', `script: echo ${step.name}`]),
    ...(dependencies.length === 0 ? [] : [`dependsOn: [${dependencies.join(', ')}]`]),
    ...(step.retries === 0 ? [] : [`retries: ${step.retries}`]),
    ...(step.timeoutSeconds === null ? [] : [`timeout: ${step.timeoutSeconds}s`]),
    ...(step.allowFailure ? ['allowFailure: true'] : []),
  ]
  return `    - {${fields.join(', ')}}\n`
}
