import { excerpt } from '../excerpt.ts'
import type { Finding } from '../problem.ts'
import { childOf, itemsOf, type SourceNode } from '../source/source-node.ts'
import { SEVERAL_CONTAINERS, type ContainerView } from './job-view.ts'
import type { KubernetesRule } from './kubernetes-rule.ts'
import { knownText, numberOf } from './set-fields.ts'

/** What must be there once: names of volumes, containers and ports, and the places that mounts take. */
export const duplicateItem: KubernetesRule = {
  id: 'duplicate-item',
  about: [
    SEVERAL_CONTAINERS,
    'volumes',
    'volumeMounts',
    'volumeDevices',
    'ports',
    'resizePolicy',
    'resourceClaims',
    'initContainers',
    'securityContext',
    'schedulingGates',
    'topologySpreadConstraints',
  ],
  check: ({ pod, containers }) => [
    ...twice(named(childOf(pod, 'volumes'), 'name'), 'a volume'),
    ...twice(
      containers.flatMap(({ name, at }) => (name === null ? [] : [{ text: name, at }])),
      'a container',
    ),
    ...containers.flatMap(checkContainer),
    ...checkHostPorts(containers.filter(({ isInit }) => !isInit)),
    ...itemsOf(childOf(pod, 'volumes')).flatMap((volume) => twice(filesOf(childOf(volume, 'projected')), 'a file')),
    ...twice(named(childOf(pod, 'securityContext', 'sysctls'), 'name'), 'a sysctl'),
    ...twice(named(childOf(pod, 'schedulingGates'), 'name'), 'a gate'),
    ...twice(named(childOf(pod, 'resourceClaims'), 'name'), 'a claim'),
    ...twice(itemsOf(childOf(pod, 'topologySpreadConstraints')).flatMap(spreadOf), 'a constraint for'),
  ],
}

interface Item {
  text: string
  at: number
}

function checkContainer({ node }: ContainerView): Finding[] {
  const paths = [...named(childOf(node, 'volumeMounts'), 'mountPath'), ...named(childOf(node, 'volumeDevices'), 'devicePath')]
  const mounted = new Set(named(childOf(node, 'volumeMounts'), 'name').map(({ text }) => text))
  const devices = named(childOf(node, 'volumeDevices'), 'name')
  return [
    ...twice(named(childOf(node, 'ports'), 'name'), 'a port'),
    ...twice(paths, 'a volume mounted at'),
    ...twice(devices, 'a device'),
    ...devices
      .filter(({ text }) => mounted.has(text))
      .map(({ text, at }) => ({ at, message: `the volume ${excerpt(text)} is mounted as a folder already; use it one way` })),
    ...twice(named(childOf(node, 'resizePolicy'), 'resourceName'), 'a policy for'),
    ...twice(claimsOf(childOf(node, 'claims')), 'a claim'),
  ]
}

/** A claim may be there for each of its requests. */
function claimsOf(list: SourceNode | undefined): Item[] {
  return itemsOf(list).flatMap((claim) => {
    const name = knownText(childOf(claim, 'name'))
    const request = knownText(childOf(claim, 'request'))
    return name === null ? [] : [{ text: request === null ? name : `${name}/${request}`, at: claim.start }]
  })
}

/** Two containers of a pod cannot have the same port of the node. */
function checkHostPorts(containers: readonly ContainerView[]): Finding[] {
  const ports = containers.flatMap(({ node }) => itemsOf(childOf(node, 'ports')))
  const items = ports.flatMap((port): Item[] => {
    const node = childOf(port, 'hostPort')
    const number = numberOf(node)
    if (!node || number === null || number === 0) return []
    const [protocol, address] = [knownText(childOf(port, 'protocol')) ?? 'TCP', knownText(childOf(port, 'hostIP')) ?? '']
    return [{ text: `${protocol} ${address === '' ? '' : `${address}:`}${number}`, at: node.start }]
  })
  return twice(items, 'the port of the node')
}

/** Where the sources of a projected volume put what they are told to. */
function filesOf(projected: SourceNode | undefined): Item[] {
  const kinds = ['secret', 'configMap', 'downwardAPI']
  return itemsOf(childOf(projected, 'sources')).flatMap((source) => kinds.flatMap((kind) => named(childOf(source, kind, 'items'), 'path')))
}

function spreadOf(constraint: SourceNode): Item[] {
  const [key, when] = [knownText(childOf(constraint, 'topologyKey')), knownText(childOf(constraint, 'whenUnsatisfiable'))]
  return key === null || when === null ? [] : [{ text: `${key} and ${when}`, at: constraint.start }]
}

function named(list: SourceNode | undefined, field: string): Item[] {
  return itemsOf(list).flatMap((item) => {
    const node = childOf(item, field)
    const text = knownText(node)
    return node && text !== null ? [{ text, at: node.start }] : []
  })
}

function twice(items: readonly Item[], what: string): Finding[] {
  if (items.length < 2) return []
  const seen = new Set<string>()
  const found: Finding[] = []
  for (const { text, at } of items) {
    if (seen.has(text)) found.push({ at, message: `${what} ${excerpt(text)} is there already; take one out, or choose another name` })
    seen.add(text)
  }
  return found
}
