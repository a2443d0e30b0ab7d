import { isDeepStrictEqual } from 'node:util'
import { formatTick, type Timestamp } from '../clock.ts'
import type { Definitions, Diagnostic, Schedule, Step, Workflow } from '../definitions/workflow.ts'
import { createCronTicks } from '../triggers/cron.ts'
import { planPush } from '../triggers/push.ts'
import { suspensionAt, suspensionReason, suspensionsInForce } from '../triggers/suspension.ts'

/** What became of something between two versions. */
export type Change = 'Added' | 'Changed' | 'Removed'

/** A step of a workflow that changed. `fields` are those that differ, in their own words. */
export interface StepChange {
  name: string
  change: Change
  fields: string[]
}

/** A workflow that changed, with its steps; `before` and `after` are for pictures. */
export interface WorkflowChange {
  name: string
  change: Change
  file: string
  fields: string[]
  steps: StepChange[]
  before: Workflow | null
  after: Workflow | null
}

/** A schedule that changed, and when it ticks next; none for one that is gone. */
export interface ScheduleChange {
  name: string
  workflow: string
  change: Change
  fields: string[]
  next: Timestamp[]
  /** Why the first of these ticks will be Skipped; null when it will not. */
  suspended: string | null
}

/** What a change of the definitions means. */
export interface ChangePlan {
  workflows: WorkflowChange[]
  schedules: ScheduleChange[]
  /** Workflows that the push of this change starts. */
  starts: string[]
  /** Workflows that it would have started, and why not. */
  held: { workflow: string; reason: string }[]
  /** Findings of the new version. */
  diagnostics: Diagnostic[]
}

/** Two versions and what lies between them. */
export interface ChangeInput {
  before: Definitions
  after: Definitions
  /** Paths that differ, relative to the root. */
  changedPaths: readonly string[]
  branch: string
  message: string
  /** `namespace/name` of the Repository, which decides what `H` of a schedule is. */
  repository: string
  nowMs: number
}

const NEXT_TICKS = 5

/** Works out what a change does once it is on the branch. A workflow that the change breaks keeps its last version, and counts as unchanged. */
export function planChange({ before, after, changedPaths, branch, message, repository, nowMs }: ChangeInput): ChangePlan {
  const broken = new Set(after.invalidWorkflows)
  const workflows = compare(before.workflows, after.workflows, (name) => broken.has(name)).map(({ name, was, is, change }): WorkflowChange => ({
    name,
    change,
    file: (is ?? was)?.file ?? '',
    fields: was && is ? differingFields(was, is, ['file', 'steps', 'finally']) : [],
    steps: compareSteps(was, is),
    before: was,
    after: is,
  }))
  const kept = new Set(broken)
  const schedules = compare(before.schedules, after.schedules, (_name, schedule) => kept.has(schedule.workflow)).map(
    ({ name, was, is, change }): ScheduleChange => ({
      name,
      workflow: (is ?? was)?.workflow ?? '',
      change,
      fields: was && is ? differingFields(was, is, ['file']) : [],
      ...ticksOf(is, after.workflows, repository, nowMs),
    }),
  )
  const commit = { commit: '', changedPaths, message, workflows: after.workflows }
  const inForce = new Map(after.workflows.map((workflow) => [workflow.name, { definition: workflow }]))
  // Where nothing differs there is nothing to push.
  const push =
    changedPaths.length === 0
      ? { requests: [], held: [] }
      : planPush({ branch, tip: commit, each: [commit], workflows: inForce, suspend: null, nowMs })
  return {
    workflows,
    schedules,
    starts: [...new Set(push.requests.map(({ workflow }) => workflow))],
    held: push.held.map(({ workflow, reason }) => ({ workflow, reason })),
    diagnostics: after.diagnostics,
  }
}

interface Compared<Named> {
  name: string
  change: Change
  was: Named | null
  is: Named | null
}

/** Those that differ, by name. What is gone only because it is broken is left out. */
function compare<Named extends { name: string; file: string }>(
  before: readonly Named[],
  after: readonly Named[],
  isBroken: (name: string, named: Named) => boolean,
): Compared<Named>[] {
  const was = new Map(before.map((one) => [one.name, one]))
  const is = new Map(after.map((one) => [one.name, one]))
  const names = [...new Set([...was.keys(), ...is.keys()])].sort()
  return names.flatMap((name): Compared<Named>[] => {
    const old = was.get(name) ?? null
    const now = is.get(name) ?? null
    if (!old) return [{ name, change: 'Added', was: null, is: now }]
    if (!now) return isBroken(name, old) ? [] : [{ name, change: 'Removed', was: old, is: null }]
    return isDeepStrictEqual({ ...old, file: '' }, { ...now, file: '' }) ? [] : [{ name, change: 'Changed', was: old, is: now }]
  })
}

function compareSteps(before: Workflow | null, after: Workflow | null): StepChange[] {
  const was = new Map(stepsOf(before).map((step) => [step.name, step]))
  const is = new Map(stepsOf(after).map((step) => [step.name, step]))
  return [...new Set([...is.keys(), ...was.keys()])].flatMap((name): StepChange[] => {
    const old = was.get(name)
    const now = is.get(name)
    if (!old) return [{ name, change: 'Added', fields: [] }]
    if (!now) return [{ name, change: 'Removed', fields: [] }]
    const fields = differingFields(old, now, [])
    return fields.length === 0 ? [] : [{ name, change: 'Changed', fields }]
  })
}

/** All steps, `finally` last. */
export function stepsOf(workflow: Workflow | null): Step[] {
  return workflow ? [...workflow.steps, ...workflow.finally] : []
}

const WORDS: Readonly<Record<string, string>> = {
  timeoutSeconds: 'timeout',
  startTimeoutSeconds: 'startTimeout',
  startingDeadlineSeconds: 'startingDeadline',
  maxAgeSeconds: 'maxAge',
  expansion: 'matrix',
  sourcePaths: 'source',
  templates: 'use',
  upstream: 'triggers.workflow',
  webhooks: 'triggers.webhook',
  push: 'triggers.push',
  pullRequest: 'triggers.pullRequest',
}

/** Names of the fields that differ, as they are written; what a step runs is told field by field. */
function differingFields(was: object, is: object, without: readonly string[]): string[] {
  const one = flat(was)
  const other = flat(is)
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])]
  const differing = names.filter((name) => !without.includes(name) && !isDeepStrictEqual(one[name], other[name]))
  return [...new Set(differing.map((name) => WORDS[name] ?? name))].sort()
}

function flat(value: object): Record<string, unknown> {
  const { work, ...rest } = value as { work?: { container?: object } & object }
  const { container, ...others } = work ?? {}
  return { ...rest, ...others, ...asWritten(container ?? {}) }
}

/** A script is the command that it has become. */
function asWritten(container: { command?: unknown }): object {
  const { command, ...others } = container
  const [shell, options, flag, script] = Array.isArray(command) ? (command as unknown[]) : []
  return shell === '/bin/sh' && options === '-eu' && flag === '-c' ? { ...others, script } : container
}

function ticksOf(
  schedule: Schedule | null,
  workflows: readonly Workflow[],
  repository: string,
  nowMs: number,
): Pick<ScheduleChange, 'next' | 'suspended'> {
  if (!schedule) return { next: [], suspended: null }
  const { name, cron, timeZone, suspend } = schedule
  const ticks = createCronTicks({ cron, timeZone, seed: `${repository} ${name}` })
  const next: number[] = []
  for (let at = ticks.next(nowMs); at !== null && next.length < NEXT_TICKS; at = ticks.next(at)) next.push(at)
  const owner = workflows.find((workflow) => workflow.name === schedule.workflow)
  const suspensions = suspensionsInForce([
    { subject: `workflow ${schedule.workflow}`, suspend: owner?.suspend ?? null },
    { subject: `schedule ${name}`, suspend },
  ])
  const [first] = next
  const holds = first === undefined ? null : suspensionAt(suspensions, first)
  return { next: next.map(formatTick), suspended: holds && suspensionReason(holds) }
}
