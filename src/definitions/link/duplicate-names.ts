import { excerpt } from '../excerpt.ts'
import type { Diagnostic } from '../workflow.ts'
import { errorAt, type LinkedSchedule, type LinkedWorkflow } from './linker.ts'

/** Workflows and schedules have names of their own in the repository. The first by path and place keeps the name, so that a new file cannot stop an old one of an earlier name. */
export function checkDuplicateWorkflows(workflows: readonly LinkedWorkflow[]): Diagnostic[] {
  const first = new Map<string, LinkedWorkflow>()
  return workflows.flatMap((workflow) => {
    const other = first.get(workflow.name)
    if (!other) first.set(workflow.name, workflow)
    if (!other) return []
    workflow.isInvalid = workflow.isDuplicate = true
    const message = `a workflow ${excerpt(workflow.name)} is in ${other.file}, line ${other.nameAt.line} already; choose another name`
    return [errorAt(workflow.file, workflow.nameAt, 'duplicate-workflow', message)]
  })
}

/** As with workflows; a schedule inside a workflow whose name is taken makes that workflow wrong. */
export function checkDuplicateSchedules(schedules: readonly LinkedSchedule[]): Diagnostic[] {
  const first = new Map<string, LinkedSchedule>()
  return schedules.flatMap((schedule) => {
    // What is wrong with its workflow, or with several unnamed ones of it, is said already.
    if (schedule.owner?.isDuplicate) return []
    const other = first.get(schedule.name)
    if (!other) first.set(schedule.name, schedule)
    if (!other || (other.owner && other.owner === schedule.owner && schedule.name === schedule.workflow)) return []
    schedule.isInvalid = true
    const message = `a schedule ${excerpt(schedule.name)} is in ${other.file}, line ${other.nameAt.line} already; choose another name`
    return [errorAt(schedule.file, schedule.nameAt, 'duplicate-schedule', message)]
  })
}
