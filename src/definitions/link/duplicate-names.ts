import { excerpt } from '../excerpt.ts'
import type { Diagnostic } from '../workflow.ts'
import { errorAt, type Linkage, type LinkedSchedule } from './linker.ts'

/** Workflows and schedules have names of their own in the repository. The first by path and place keeps the name, so that a new file cannot stop an old one of an earlier name. */
export function checkDuplicateWorkflows({ workflows, byName, invalid, duplicates }: Linkage): Diagnostic[] {
  return workflows.flatMap((workflow) => {
    const other = byName.get(workflow.name)
    if (!other || other === workflow) return []
    invalid.add(workflow)
    duplicates.add(workflow)
    const message = `a workflow ${excerpt(workflow.name)} is in ${other.file}, line ${other.nameAt.line} already; choose another name`
    return [errorAt(workflow.file, workflow.nameAt, 'duplicate-workflow', message)]
  })
}

/** As with workflows; a schedule inside a workflow whose name is taken makes that workflow wrong. */
export function checkDuplicateSchedules({ schedules, invalid, duplicates }: Linkage): Diagnostic[] {
  const first = new Map<string, LinkedSchedule>()
  return schedules.flatMap((schedule) => {
    // What is wrong with its workflow, or with several unnamed ones of it, is said already.
    if (schedule.owner && duplicates.has(schedule.owner)) return []
    const other = first.get(schedule.name)
    if (!other) first.set(schedule.name, schedule)
    if (!other || (other.owner && other.owner === schedule.owner && schedule.name === schedule.workflow)) return []
    invalid.add(schedule)
    const message = `a schedule ${excerpt(schedule.name)} is in ${other.file}, line ${other.nameAt.line} already; choose another name`
    return [errorAt(schedule.file, schedule.nameAt, 'duplicate-schedule', message)]
  })
}
