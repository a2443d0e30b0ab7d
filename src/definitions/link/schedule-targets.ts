import { excerpt } from '../excerpt.ts'
import { didYouMean } from '../near-names.ts'
import { checkParamValue } from '../param-value.ts'
import { MOST_FINDINGS, compareText } from '../problem.ts'
import type { Diagnostic, Param } from '../workflow.ts'
import { errorAt, type Linkage, type LinkedSchedule } from './linker.ts'

/** A schedule starts a workflow of the same repository. */
export function checkUnknownWorkflow(schedule: LinkedSchedule, { byName, lostWorkflows, invalid }: Linkage): Diagnostic[] {
  const { workflow, workflowAt, file } = schedule
  if (!workflowAt || byName.has(workflow) || lostWorkflows.has(workflow)) return []
  invalid.add(schedule)
  return [
    errorAt(
      file,
      workflowAt,
      'unknown-workflow',
      `there is no workflow ${excerpt(workflow)}${didYouMean(workflow, [...byName.keys()].sort(compareText))}`,
    ),
  ]
}

/** A schedule gives what its workflow requires, of the right type, and nothing else. */
export function checkScheduleParams(schedule: LinkedSchedule, { byName, invalid, memory }: Linkage): readonly Diagnostic[] {
  const declared = (schedule.owner ?? byName.get(schedule.workflow))?.params
  if (!declared || !schedule.params) return []
  const found = memory.given.of(schedule, declared, () => [...checkGiven(schedule, declared), ...checkMissing(schedule, declared)])
  if (found.length > 0) invalid.add(schedule)
  return found
}

function checkGiven({ file, params, workflow }: LinkedSchedule, declared: Record<string, Param>): Diagnostic[] {
  return (params ?? []).slice(0, MOST_FINDINGS).flatMap(({ name, value, nameAt, valueAt }) => {
    const param = Object.hasOwn(declared, name) ? declared[name] : undefined
    if (!param) {
      const near = didYouMean(name, Object.keys(declared))
      return [errorAt(file, nameAt, 'unknown-param', `the workflow ${excerpt(workflow)} has no parameter ${excerpt(name)}${near}`)]
    }
    const message = checkParamValue(param, value)
    return message === null ? [] : [errorAt(file, valueAt, 'invalid-param', `${excerpt(name)} ${message}`)]
  })
}

function checkMissing({ file, params, paramsAt, workflow }: LinkedSchedule, declared: Record<string, Param>): Diagnostic[] {
  const given = new Set((params ?? []).map(({ name }) => name))
  const missing = Object.entries(declared).filter(([name, param]) => param.required && param.default === undefined && !given.has(name))
  return missing.map(([name]) =>
    errorAt(file, paramsAt, 'missing-param', `the workflow ${excerpt(workflow)} requires a value for ${excerpt(name)}; add it to "params"`),
  )
}
