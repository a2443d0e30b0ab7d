import { excerpt } from '../excerpt.ts'
import type { Finding } from '../problem.ts'
import { childOf, itemsOf, type SourceEntry, type SourceNode } from '../source/source-node.ts'
import { checkSuccessPolicy } from './success-policy.ts'
import type { JobView } from './job-view.ts'
import type { KubernetesRule } from './kubernetes-rule.ts'
import { isExpression, knownText, numberOf, setField } from './set-fields.ts'

const MOST_INDEXES = 100_000
const MOST_AT_ONCE_OF_MANY = 10_000

/** Fields of a JobSpec that do not go together. */
export const invalidJob: KubernetesRule = {
  id: 'invalid-job',
  about: ['completionMode', 'backoffLimitPerIndex', 'maxFailedIndexes', 'successPolicy', 'podFailurePolicy'],
  check: (view) => (view.job?.kind === 'Map' ? [...checkMode(view.job), ...checkFailurePolicy(view)] : []),
}

function checkMode(job: SourceNode): Finding[] {
  const mode = setField(job, 'completionMode')
  if (isExpression(mode?.value)) return []
  return knownText(mode?.value) === 'Indexed' && mode ? checkIndexed(job, mode) : checkNonIndexed(job)
}

function checkNonIndexed(job: SourceNode): Finding[] {
  return ['backoffLimitPerIndex', 'maxFailedIndexes', 'successPolicy'].flatMap((field) => {
    const entry = setField(job, field)
    return entry ? [{ at: entry.key.start, message: `"${field}" is for Jobs of several indexes: add completionMode: Indexed, or take it out` }] : []
  })
}

function checkIndexed(job: SourceNode, mode: SourceEntry): Finding[] {
  const completions = setField(job, 'completions')
  const failed = setField(job, 'maxFailedIndexes')
  const perIndex = setField(job, 'backoffLimitPerIndex')
  if (!completions) return [{ at: mode.key.start, message: 'an Indexed Job needs "completions": how many indexes there are' }]
  const count = numberOf(completions.value)
  const isMany = count !== null && count > MOST_INDEXES && perIndex !== undefined
  const most = Math.min(count ?? MOST_INDEXES, isMany ? MOST_AT_ONCE_OF_MANY : MOST_INDEXES)
  return [
    ...(failed && !perIndex ? [{ at: failed.key.start, message: '"maxFailedIndexes" needs "backoffLimitPerIndex" beside it' }] : []),
    ...(isMany && !failed
      ? [{ at: completions.key.start, message: `more than ${MOST_INDEXES} completions need "maxFailedIndexes" beside "backoffLimitPerIndex"` }]
      : []),
    ...checkMost(failed, most, 'maxFailedIndexes'),
    ...checkMost(setField(job, 'parallelism'), isMany ? MOST_AT_ONCE_OF_MANY : MOST_INDEXES, 'parallelism'),
    ...checkSuccessPolicy(childOf(job, 'successPolicy'), count),
  ]
}

function checkMost(entry: SourceEntry | undefined, most: number, field: string): Finding[] {
  const number = numberOf(entry?.value)
  return entry && number !== null && number > most ? [{ at: entry.value.start, message: `"${field}" must be at most ${most} here` }] : []
}

function checkFailurePolicy({ job, pod, containers }: JobView): Finding[] {
  const policy = setField(job, 'podFailurePolicy')
  if (!policy) return []
  const restart = setField(pod, 'restartPolicy')
  const replacement = setField(job, 'podReplacementPolicy')
  const names = containers.map(({ name }) => name)
  return [
    ...(knownText(restart?.value) === 'OnFailure' && restart
      ? [{ at: restart.value.start, message: '"podFailurePolicy" needs restartPolicy: Never' }]
      : []),
    ...(knownText(replacement?.value) === 'TerminatingOrFailed' && replacement
      ? [{ at: replacement.value.start, message: '"podReplacementPolicy" must be Failed beside "podFailurePolicy"' }]
      : []),
    ...itemsOf(childOf(policy.value, 'rules')).flatMap((rule) => [
      ...checkAction(childOf(rule, 'action'), setField(job, 'backoffLimitPerIndex') !== undefined),
      ...checkExitCodes(childOf(rule, 'onExitCodes'), names),
    ]),
  ]
}

function checkAction(action: SourceNode | undefined, isPerIndex: boolean): Finding[] {
  if (knownText(action) !== 'FailIndex' || isPerIndex || !action) return []
  return [{ at: action.start, message: 'FailIndex needs "backoffLimitPerIndex" in the Job' }]
}

function checkExitCodes(codes: SourceNode | undefined, names: readonly (string | null)[]): Finding[] {
  const container = childOf(codes, 'containerName')
  const name = knownText(container)
  const values = itemsOf(childOf(codes, 'values'))
  const numbers = values.map((node) => ({ at: node.start, number: numberOf(node) }))
  const isIn = knownText(childOf(codes, 'operator')) === 'In'
  return [
    ...(container && name !== null && !names.includes(name)
      ? [{ at: container.start, message: `the pod has no container ${excerpt(name)}; it has ${names.join(', ')}` }]
      : []),
    ...numbers.flatMap(({ at, number }, index): Finding[] => {
      const before = numbers[index - 1]?.number ?? null
      if (number === 0 && isIn) return [{ at, message: '0 is success, which "In" must not name; take it out' }]
      if (number === null || before === null || before < number) return []
      return [{ at, message: before === number ? `${number} is there already; take one out` : 'the values must be in ascending order' }]
    }),
  ]
}
