import type { ConcurrencyModel, ScheduleModel, StepModel, WorkflowModel } from './model.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000

/** The workflow as its author writes it. */
export function renderWorkflow(workflow: WorkflowModel): string {
  const { name, push, schedules, timeoutSeconds, failFast, maxParallel, retention, concurrency, steps, mistake } = workflow
  const own = schedules.filter((schedule) => !schedule.standsAlone)
  const ending = workflow.finally.length === 0 ? '' : `  finally:\n${workflow.finally.map(renderStep).join('')}`
  const text = `apiVersion: fusee.dev/v1alpha1
kind: Workflow
metadata: {name: ${name}}
spec:
  params: {go: {type: boolean, default: ${workflow.go}}}
${renderTriggers(push, own)}${timeoutSeconds === null ? '' : `  timeout: ${timeoutSeconds}s\n`}${failFast ? '  failFast: true\n' : ''}${
    maxParallel === null ? '' : `  maxParallel: ${maxParallel}\n`
  }${renderConcurrency(concurrency)}  retention: {succeeded: ${retention.succeeded}, failed: ${retention.failed}}
  steps:
${steps.map(renderStep).join('')}${mistake === 'Dependency' ? '    - {name: lost, image: busybox, script: "true", dependsOn: [nowhere]}\n' : ''}${
    mistake === 'Bracket' ? '    - {name: lost, image: [busybox\n' : ''
  }${ending}`
  const documents = [text, ...schedules.filter((schedule) => schedule.standsAlone).map((schedule) => renderSchedule(name, schedule))]
  return mistake === 'Garbage' ? 'a: b: {\n' : documents.join('---\n')
}

function renderConcurrency({ policy, byTrigger, limit }: ConcurrencyModel): string {
  if (policy === 'Allow') return ''
  const group = byTrigger ? ', group: "${{ trigger.kind }}"' : ''
  return `  concurrency: {policy: ${policy}${group}${policy === 'Queue' ? `, limit: ${limit}` : ''}}\n`
}

function renderTriggers(push: WorkflowModel['push'], own: readonly ScheduleModel[]): string {
  if (push === null && own.length === 0) return ''
  const paths = push === null || push.paths.length === 0 ? '' : `paths: ${JSON.stringify(push.paths)}, `
  const pushLine = push === null ? '' : `    push: {${paths}commits: ${push.commits}}\n`
  const scheduleLine =
    own.length === 0
      ? ''
      : `    schedule: [${own.map((schedule) => `{cron: "${cronOf(schedule)}"${schedule.isRerunAfterLoss ? ', afterLoss: Rerun' : ''}}`).join(', ')}]\n`
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
${schedule.isRerunAfterLoss ? '  afterLoss: Rerun\n' : ''}${deadline}`
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
    ...(step.kind === 'Container' ? ['image: "busybox:1.36"', `script: echo ${step.name}`] : []),
    ...(step.kind === 'Approval' ? [`approval: {timeout: ${step.timeoutSeconds}s}`] : []),
    ...(dependencies.length === 0 ? [] : [`dependsOn: [${dependencies.join(', ')}]`]),
    ...(step.retries === 0 ? [] : [`retries: ${step.retries}`]),
    ...(step.kind === 'Approval' || step.timeoutSeconds === null ? [] : [`timeout: ${step.timeoutSeconds}s`]),
    ...(step.allowFailure ? ['allowFailure: true'] : []),
    ...(step.if === null ? [] : [step.if.kind === 'Go' ? 'if: params.go' : `if: "steps.${step.if.step}.results.n > 0"`]),
    ...renderExpansion(step.expansion),
    ...(step.maxParallel === null ? [] : [`maxParallel: ${step.maxParallel}`]),
    ...(step.hasResults ? ['results: {n: integer, items: array}'] : []),
    ...(step.hasUndo ? [`undo: {script: echo no ${step.name}}`] : []),
  ]
  return `    - {${fields.join(', ')}}\n`
}

function renderExpansion(expansion: StepModel['expansion']): string[] {
  if (expansion === null) return []
  if (expansion.kind === 'Items') return [`forEach: steps.${expansion.step}.results.items`]
  const values = Array.from({ length: expansion.count }, (_, index) => index).join(', ')
  return [expansion.kind === 'List' ? `forEach: [${values}]` : `matrix: {size: [${values}], site: [here]}`]
}
