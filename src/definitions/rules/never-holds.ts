import { excerpt } from '../excerpt.ts'
import type { Finding } from '../problem.ts'
import type { StepSource } from '../workflow-source.ts'
import type { DependencyCondition } from '../workflow.ts'
import type { WorkflowRule } from './rule.ts'

/** What may have become of a step. */
type Ending = 'Succeeded' | 'Failed' | 'Skipped' | 'Cancelled'

/** Endings that a step may have, by its name. */
type Endings = ReadonlyMap<string, ReadonlySet<Ending>>

const ALL: readonly Ending[] = ['Succeeded', 'Failed', 'Skipped', 'Cancelled']

/** Conditions that exclude each other, directly or through the steps in between: such a step is always skipped. */
export const neverHolds: WorkflowRule = {
  id: 'condition-never-holds',
  severity: 'error',
  check: ({ steps, finally: last }) => [...checkList(steps), ...checkList(last)],
}

function checkList(steps: readonly StepSource[]): Finding[] {
  const byName = new Map(steps.flatMap((step) => (step.name === null ? [] : [[step.name, step] as const])))
  const known = new Map<string, Endings | null>()
  return steps.flatMap((step) => checkStep(step, byName, known))
}

/** The first dependency that cannot hold beside those before it. */
function checkStep(step: StepSource, byName: ReadonlyMap<string, StepSource>, known: Map<string, Endings | null>): Finding[] {
  const demanded = new Map<string, Set<Ending>>()
  for (const { step: name, when, at } of step.dependencies) {
    const other = byName.get(name)
    if (!other) continue
    const wanted = endingsFor(when, other)
    if (wanted.length === 0) return [{ at, message: `${excerpt(name)} ${whyNever(other)}, so this step would never run; take the condition out` }]
    const before = whenRun(wanted, other, byName, known, 0)
    // What the other step's own conditions exclude is said there.
    if (before === null) continue
    const clash = narrow(demanded, [[name, new Set(wanted)], ...before])
    if (clash !== null) {
      return [
        {
          at,
          message: `this can never hold together with what else the step waits for: ${describe(clash, name, when)}; take one of the conditions out`,
        },
      ]
    }
  }
  return []
}

function endingsFor(when: DependencyCondition, step: StepSource): Ending[] {
  const isForgiven = step.field('allowFailure')?.value.json === true
  const canFail = step.kind !== 'Join'
  const failed: Ending[] = canFail ? ['Failed'] : []
  const forgiven: Ending[] = isForgiven ? failed : []
  switch (when) {
    case 'Succeeded':
      return ['Succeeded', ...forgiven]
    case 'Failed':
      return failed
    case 'NotFailed':
      return ['Succeeded', 'Skipped', ...forgiven]
    case 'Always':
      return [...ALL]
  }
}

function whyNever(step: StepSource): string {
  return step.kind === 'Join' ? 'runs nothing and cannot fail' : 'cannot end so'
}

/** Longer chains are not followed. */
const DEEPEST = 1000

/** What must have become of the steps before, when this one ended in a way that only a step ends that has run; null when it never runs. */
function whenRun(
  endings: readonly Ending[],
  step: StepSource,
  byName: ReadonlyMap<string, StepSource>,
  known: Map<string, Endings | null>,
  depth: number,
): Endings | null {
  if (endings.some((ending) => ending === 'Skipped' || ending === 'Cancelled') || depth > DEEPEST) return new Map()
  const name = step.name ?? ''
  const found = known.get(name)
  if (found !== undefined) return found
  // A cycle, which is reported elsewhere, ends here.
  known.set(name, new Map())
  const demanded = new Map<string, Set<Ending>>()
  for (const { step: before, when } of step.dependencies) {
    const other = byName.get(before)
    if (!other) continue
    const wanted = endingsFor(when, other)
    const further = whenRun(wanted, other, byName, known, depth + 1)
    if (wanted.length === 0 || further === null || narrow(demanded, [[before, new Set(wanted)], ...further]) !== null) {
      known.set(name, null)
      return null
    }
  }
  known.set(name, demanded)
  return demanded
}

/** Leaves in `demanded` what both allow; the step for which that is nothing. */
function narrow(demanded: Map<string, Set<Ending>>, more: Iterable<readonly [string, ReadonlySet<Ending>]>): string | null {
  for (const [name, endings] of more) {
    const before = demanded.get(name)
    const both = new Set([...endings].filter((ending) => !before || before.has(ending)))
    if (both.size === 0) return name
    demanded.set(name, both)
  }
  return null
}

function describe(clash: string, name: string, when: DependencyCondition): string {
  return clash === name
    ? `${excerpt(name)} cannot also be ${when}`
    : `${excerpt(name)} ${when} asks something of ${excerpt(clash)} that the others exclude`
}
