import { excerpt } from '../excerpt.ts'
import { didYouMean } from '../near-names.ts'
import type { Finding } from '../problem.ts'
import { parseQuantity } from '../schema/quantity.ts'
import { childOf, entriesOf, entryOf, itemsOf, type SourceEntry, type SourceNode } from '../source/source-node.ts'
import type { KubernetesRule } from './kubernetes-rule.ts'
import { isExpression, knownText } from './set-fields.ts'

const OF_CONTAINERS = ['cpu', 'memory', 'ephemeral-storage']
const OF_PODS = ['cpu', 'memory']
const HUGE = 'hugepages-'

/** Amounts that no node could give, or that contradict each other. */
export const invalidResources: KubernetesRule = {
  id: 'invalid-resources',
  about: ['resources', 'volumes'],
  check: ({ pod, containers }) => [
    ...containers.flatMap(({ node }) => checkResources(childOf(node, 'resources'), OF_CONTAINERS)),
    ...containers.flatMap(({ node }) => checkClaims(childOf(node, 'resources', 'claims'), childOf(pod, 'resourceClaims'))),
    ...checkResources(childOf(pod, 'resources'), OF_PODS),
    ...itemsOf(childOf(pod, 'volumes')).flatMap((volume) => checkSize(entryOf(childOf(volume, 'emptyDir'), 'sizeLimit'))),
  ],
}

function checkResources(resources: SourceNode | undefined, known: readonly string[]): Finding[] {
  if (resources?.kind !== 'Map') return []
  const limits = childOf(resources, 'limits')
  const requests = childOf(resources, 'requests')
  return [
    ...[requests, limits].flatMap((amounts) => entriesOf(amounts).flatMap(([name, entry]) => checkAmount(name, entry, known))),
    ...entriesOf(requests).flatMap(([name, entry]) => checkRequest(name, entry, childOf(limits, name), isExpression(limits))),
    ...checkHugePages([...entriesOf(requests), ...entriesOf(limits)]),
  ]
}

function checkSize(entry: SourceEntry | undefined): Finding[] {
  if (!entry || (parseQuantity(entry.value.json) ?? 0n) >= 0n) return []
  return [{ at: entry.value.start, message: `"sizeLimit" must not be negative: ${excerpt(entry.value.json)}` }]
}

function checkAmount(name: string, { key, value }: SourceEntry, known: readonly string[]): Finding[] {
  const isExtended = name.includes('/') && !name.includes('kubernetes.io/')
  if (!known.includes(name) && !name.startsWith(HUGE) && !(name.includes('/') && known === OF_CONTAINERS)) {
    const advice = didYouMean(name, known) || `; known are ${known.join(', ')}, and those of a device such as nvidia.com/gpu`
    return [{ at: key.start, message: `there is no resource ${excerpt(name)}${advice}` }]
  }
  if (String(value.json).startsWith('-') && (parseQuantity(value.json) ?? 0n) < 0n)
    return [{ at: value.start, message: `${excerpt(name)} must not be negative: ${excerpt(value.json)}` }]
  if (isExtended && (parseQuantity(value.json) ?? 0n) % 1_000_000_000n !== 0n)
    return [{ at: value.start, message: `${excerpt(name)} comes in whole numbers only: ${excerpt(value.json)}` }]
  return []
}

/** What cannot be shared must be asked for as it is limited. */
function checkRequest(name: string, { key, value }: SourceEntry, limit: SourceNode | undefined, isUnknown: boolean): Finding[] {
  const isShared = !name.startsWith(HUGE) && (!name.includes('/') || name.includes('kubernetes.io/'))
  if (!limit)
    return isShared || isUnknown
      ? []
      : [{ at: key.start, message: `a request of ${excerpt(name)} needs a limit of the same amount; write it below "limits"` }]
  const [asked, most] = [parseQuantity(value.json), parseQuantity(limit.json)]
  if (asked === null || most === null || asked === most) return []
  const both = `${excerpt(value.json)} and ${excerpt(limit.json)}`
  if (!isShared) return [{ at: value.start, message: `request and limit of ${excerpt(name)} must be equal, not ${both}` }]
  return asked < most
    ? []
    : [{ at: value.start, message: `the request of ${excerpt(name)} is above its limit (${both}); lower it, or raise the limit` }]
}

function checkHugePages(amounts: readonly [string, SourceEntry][]): Finding[] {
  const huge = amounts.filter(([name]) => name.startsWith(HUGE))
  const [first] = huge
  const isAlone = first !== undefined && !amounts.some(([name]) => OF_PODS.includes(name))
  const odd = huge.flatMap(([name, { value }]): Finding[] => {
    const [size, amount] = [parseQuantity(name.slice(HUGE.length)), parseQuantity(value.json)]
    if (size === null || amount === null || (size > 0n && amount % size === 0n)) return []
    return [
      { at: value.start, message: `${excerpt(name)} comes in multiples of ${excerpt(name.slice(HUGE.length))}, which ${excerpt(value.json)} is not` },
    ]
  })
  return isAlone ? [{ at: first[1].key.start, message: 'huge pages need "cpu" or "memory" beside them' }, ...odd] : odd
}

function checkClaims(list: SourceNode | undefined, claims: SourceNode | undefined): Finding[] {
  const known = itemsOf(list).length === 0 ? [] : itemsOf(claims).map((claim) => knownText(childOf(claim, 'name')))
  return itemsOf(list).flatMap((claim): Finding[] => {
    const node = childOf(claim, 'name')
    const name = knownText(node)
    if (!node || name === null || known.includes(name)) return []
    const names = known.flatMap((other) => other ?? [])
    return [{ at: node.start, message: `the pod has no claim ${excerpt(name)}${didYouMean(name, names) || '; add it to resourceClaims of the pod'}` }]
  })
}
