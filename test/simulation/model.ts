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
  concurrency: ConcurrencyModel
  /** Value of the param `go`, which nobody gives. */
  go: boolean
  steps: readonly StepModel[]
  finally: readonly StepModel[]
  /** A mistake: a dependency on a step that is not there, a bracket that is never closed, or a file that holds no YAML at all. */
  mistake: 'Dependency' | 'Bracket' | 'Garbage' | null
}

/** `byTrigger`: runs share their place with those of the same kind of trigger only. */
export interface ConcurrencyModel {
  policy: 'Allow' | 'Forbid' | 'Replace' | 'Queue'
  byTrigger: boolean
  limit: number
}

export interface StepModel {
  name: string
  /** An approval always has a time-out. */
  kind: 'Container' | 'Join' | 'Approval'
  dependsOn: readonly Dependency[]
  retries: number
  timeoutSeconds: number | null
  allowFailure: boolean
  /** The param `go`, or whether the result `n` of a step that must have succeeded is above zero. */
  if: { kind: 'Go' } | { kind: 'Above'; step: string } | null
  /** A list that is written down, that many combinations, or the result `items` of a step that must have succeeded. */
  expansion: { kind: 'List' | 'Matrix'; count: number } | { kind: 'Items'; step: string } | null
  /** Of its expansions at once. */
  maxParallel: number | null
  /** Whether it leaves `n`, a number, and `items`, a list. */
  hasResults: boolean
  hasUndo: boolean
}

/** Ticks are at every multiple of `periodMs` since the epoch, plus `offsetMs`. */
export interface ScheduleModel {
  name: string
  periodMs: number
  offsetMs: number
  catchUp: 'Latest' | 'All' | 'None'
  startingDeadlineSeconds: number | null
  /** Whether a tick whose run was lost with the cluster is to be run again. */
  isRerunAfterLoss: boolean
  /** Written as a document of its own; else as a trigger of the workflow, which has neither catch-up nor deadline. */
  standsAlone: boolean
}

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
