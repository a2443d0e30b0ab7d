import type { Definitions, Schedule } from '../definitions/workflow.ts'

/**
 * Files with definitions, in up to `parts` groups of about equal weight, so that nothing in one starts or keeps anything in another: workflows that
 * one starts after the other, a schedule and its workflow, and what lies in one file stay together. What all runs share, `maxParallelSteps`, is not looked at here.
 */
export function splitFiles(
  { workflows, schedules }: Pick<Definitions, 'workflows' | 'schedules'>,
  parts: number,
  weightOf: (schedule: Schedule) => number,
): string[][] {
  const parents = new Map<string, string>()
  const rootOf = (file: string): string => {
    const parent = parents.get(file) ?? file
    return parent === file ? file : rootOf(parent)
  }
  const fileOf = new Map(workflows.map(({ name, file }) => [name, file]))
  const join = (file: string, workflow: string): void => {
    parents.set(rootOf(file), rootOf(fileOf.get(workflow) ?? file))
  }
  for (const { name, file, upstream } of workflows) for (const { workflow } of [{ workflow: name }, ...upstream]) join(file, workflow)
  for (const { file, workflow } of schedules) join(file, workflow)

  const weights = new Map<string, number>()
  for (const schedule of schedules) {
    const root = rootOf(schedule.file)
    weights.set(root, (weights.get(root) ?? 0) + weightOf(schedule))
  }
  const groups = Array.from({ length: Math.min(parts, weights.size) }, () => ({ weight: 0, roots: new Set<string>() }))
  for (const [root, weight] of [...weights].sort(([, one], [, other]) => other - one)) {
    const lightest = groups.reduce((best, group) => (group.weight < best.weight ? group : best))
    lightest.weight += weight
    lightest.roots.add(root)
  }
  const files = new Set([...workflows, ...schedules].map(({ file }) => file))
  return groups.map(({ roots }) => [...files].filter((file) => roots.has(rootOf(file))).sort())
}

/** When steps began and ended, ms since the epoch, each ascending. */
export interface Activity {
  starts: number[]
  ends: number[]
}

/** The most steps that are active at once when these go on side by side; what begins at the moment at which another ends counts beside it. */
export function mostAtOnce(activities: readonly Activity[]): number {
  const starts = activities.flatMap((activity) => activity.starts).sort((one, other) => one - other)
  const ends = activities.flatMap((activity) => activity.ends).sort((one, other) => one - other)
  let ended = 0
  let most = 0
  for (const [index, startMs] of starts.entries()) {
    while ((ends[ended] ?? Infinity) < startMs) ended++
    most = Math.max(most, index + 1 - ended)
  }
  return most
}
