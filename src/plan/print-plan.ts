import type { Step } from '../definitions/workflow.ts'
import { changeGraph } from './change-graph.ts'
import { stepsOf, type Change, type ChangePlan, type WorkflowChange } from './plan-change.ts'

const MARKS: Readonly<Record<Change, string>> = { Added: '+', Changed: '~', Removed: '-' }

/** The plan in plain lines. Findings are printed apart, with their code frames. */
export function printPlan(plan: ChangePlan): string {
  const sections = [printWorkflows(plan), printSchedules(plan), printStarts(plan)].filter((lines) => lines.length > 0)
  const isEmpty = plan.workflows.length === 0 && plan.schedules.length === 0
  return [...(isEmpty ? [['no workflow and no schedule changes']] : []), ...sections].map((lines) => `${lines.join('\n')}\n`).join('\n')
}

function printWorkflows({ workflows }: ChangePlan): string[] {
  return workflows.flatMap((workflow) => [
    `${MARKS[workflow.change]} workflow ${workflow.name} (${workflow.file})${listed(workflow.fields)}`,
    ...workflow.steps.map((step) => `    ${MARKS[step.change]} ${step.name}${waits(workflow, step.name)}${listed(step.fields)}`),
  ])
}

function listed(fields: readonly string[]): string {
  return fields.length === 0 ? '' : `: ${fields.join(', ')}`
}

function waits({ before, after }: WorkflowChange, name: string): string {
  const find = (step: Step) => step.name === name
  const step = stepsOf(after).find(find) ?? stepsOf(before).find(find)
  const after_ = (step?.dependsOn ?? []).map(({ step: other, when }) => (when === 'Succeeded' ? other : `${other} ${when}`))
  return after_.length === 0 ? '' : ` (after ${after_.join(', ')})`
}

function printSchedules({ schedules }: ChangePlan): string[] {
  return schedules.flatMap(({ name, workflow, change, fields, next, suspended }) => [
    `${MARKS[change]} schedule ${name} of ${workflow}${listed(fields)}`,
    ...(next.length > 0 ? [`    next: ${next.join(', ')}`] : []),
    ...(suspended === null ? [] : [`    suspended, its ticks are Skipped: ${suspended}`]),
  ])
}

function printStarts({ starts, held }: ChangePlan): string[] {
  return [
    starts.length === 0 ? 'merging starts nothing' : `merging starts: ${starts.join(', ')}`,
    ...held.map(({ workflow, reason }) => `merging would start ${workflow}, but: ${reason}`),
  ]
}

/** The plan as JSON has it: pictures instead of whole definitions. */
export function describePlan({ workflows, ...plan }: ChangePlan): object {
  return {
    workflows: workflows.map(({ before, after, ...workflow }) => ({ ...workflow, mermaid: changeGraph({ before, after, steps: workflow.steps }) })),
    ...plan,
  }
}
