import { excerpt } from '../excerpt.ts'
import type { Finding } from '../problem.ts'
import { childOf, itemsOf, type SourceNode } from '../source/source-node.ts'
import type { JobView } from './job-view.ts'
import { isExpression, knownText, setField } from './set-fields.ts'

/** Where a pod may run: tolerations, affinities, spreading. */
export function checkScheduling({ pod }: JobView): Finding[] {
  const affinity = childOf(pod, 'affinity')
  const spreads = itemsOf(childOf(pod, 'topologySpreadConstraints'))
  const terms = ['podAffinity', 'podAntiAffinity'].flatMap((kind) => [
    ...itemsOf(childOf(affinity, kind, REQUIRED)),
    ...itemsOf(childOf(affinity, kind, PREFERRED)).flatMap((item) => childOf(item, 'podAffinityTerm') ?? []),
  ])
  return [
    ...itemsOf(childOf(pod, 'tolerations')).flatMap(checkToleration),
    ...nodeTerms(childOf(affinity, 'nodeAffinity')).flatMap(checkNodeTerm),
    ...[...terms, ...spreads].flatMap(checkLabelSelector),
    ...spreads.flatMap(checkSpread),
  ]
}

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution'
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution'

function checkToleration(toleration: SourceNode): Finding[] {
  const [key, operator, value, effect] = ['key', 'operator', 'value', 'effect'].map((field) => childOf(toleration, field))
  if (toleration.kind !== 'Map' || [key, operator, value, effect].some(isExpression)) return []
  const isExists = knownText(operator) === 'Exists'
  const seconds = setField(toleration, 'tolerationSeconds')
  const found: Finding[] = []
  if (knownText(key) === null && !isExists)
    found.push({ at: toleration.start, message: 'a toleration without "key" needs "operator: Exists", which means all taints' })
  if (isExists && value && knownText(value) !== null)
    found.push({ at: value.start, message: '"value" has no place beside "operator: Exists"; take it out, or write Equal' })
  if (seconds && knownText(effect) !== 'NoExecute') found.push({ at: seconds.key.start, message: '"tolerationSeconds" needs "effect: NoExecute"' })
  return found
}

function nodeTerms(affinity: SourceNode | undefined): SourceNode[] {
  return [
    ...itemsOf(childOf(affinity, REQUIRED, 'nodeSelectorTerms')),
    ...itemsOf(childOf(affinity, PREFERRED)).flatMap((item) => childOf(item, 'preference') ?? []),
  ]
}

function checkNodeTerm(term: SourceNode): Finding[] {
  return [
    ...itemsOf(childOf(term, 'matchExpressions')).flatMap(checkRequirement),
    ...itemsOf(childOf(term, 'matchFields')).flatMap(checkFieldRequirement),
  ]
}

/** `In` and `NotIn` compare with values, `Gt` and `Lt` with one, `Exists` and `DoesNotExist` with none. */
function checkRequirement(requirement: SourceNode): Finding[] {
  const operator = knownText(childOf(requirement, 'operator'))
  const values = childOf(requirement, 'values')
  if (operator === null || isExpression(values)) return []
  const count = itemsOf(values).length
  const at = values?.start ?? requirement.start
  switch (operator) {
    case 'In':
    case 'NotIn':
      return count > 0 ? [] : [{ at, message: `"operator: ${operator}" needs at least one of "values"` }]
    case 'Exists':
    case 'DoesNotExist':
      return count === 0 ? [] : [{ at, message: `"values" have no place beside "operator: ${operator}"; take them out` }]
    case 'Gt':
    case 'Lt':
      return count === 1 ? [] : [{ at, message: `"operator: ${operator}" needs exactly one of "values"` }]
    default:
      return []
  }
}

/** A node's name is its only field. */
function checkFieldRequirement(requirement: SourceNode): Finding[] {
  const [key, operator, values] = ['key', 'operator', 'values'].map((field) => childOf(requirement, field))
  const name = knownText(key)
  const word = knownText(operator)
  if (key && name !== null && name !== 'metadata.name')
    return [{ at: key.start, message: `"matchFields" knows "metadata.name" alone, not ${excerpt(name)}` }]
  if (operator && word !== null && !['In', 'NotIn'].includes(word)) return [{ at: operator.start, message: '"matchFields" takes In and NotIn' }]
  if (values && isExpression(values)) return []
  return itemsOf(values).length === 1 ? [] : [{ at: values?.start ?? requirement.start, message: '"matchFields" takes exactly one of "values"' }]
}

function checkLabelSelector(term: SourceNode): Finding[] {
  const selector = setField(term, 'labelSelector')
  const keys = ['matchLabelKeys', 'mismatchLabelKeys'].flatMap((field) => {
    const entry = setField(term, field)
    return entry && itemsOf(entry.value).length > 0 ? [entry] : []
  })
  return [
    ...itemsOf(childOf(selector?.value, 'matchExpressions')).flatMap(checkRequirement),
    ...(selector ? [] : keys.map(({ key }) => ({ at: key.start, message: 'label keys need "labelSelector" beside them' }))),
  ]
}

function checkSpread(constraint: SourceNode): Finding[] {
  const domains = setField(constraint, 'minDomains')
  if (!domains || knownText(childOf(constraint, 'whenUnsatisfiable')) !== 'ScheduleAnyway') return []
  return [{ at: domains.key.start, message: '"minDomains" needs "whenUnsatisfiable: DoNotSchedule"' }]
}
