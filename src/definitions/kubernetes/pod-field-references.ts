import { excerpt } from '../excerpt.ts'
import { didYouMean } from '../near-names.ts'
import type { Finding } from '../problem.ts'
import { childOf, entryOf, itemsOf, type SourceNode } from '../source/source-node.ts'
import type { JobView } from './job-view.ts'
import { knownText, setField } from './set-fields.ts'

const OF_BOTH = ['metadata.name', 'metadata.namespace', 'metadata.uid']
const OF_VARIABLES = [...OF_BOTH, 'spec.nodeName', 'spec.serviceAccountName', 'status.hostIP', 'status.hostIPs', 'status.podIP', 'status.podIPs']
const OF_FILES = [...OF_BOTH, 'metadata.labels', 'metadata.annotations']
const RESOURCES = ['limits', 'requests'].flatMap((side) => ['cpu', 'memory', 'ephemeral-storage'].map((name) => `${side}.${name}`))
const ONE_OF_MANY = /^metadata[.](?:labels|annotations)\['[^']+'\]$/
const HUGE = /^(?:limits|requests)[.]hugepages-./

/** What variables and files tell a container of its own pod. */
export function checkFieldReferences({ pod, containers }: JobView): Finding[] {
  const volumes = itemsOf(childOf(pod, 'volumes'))
  const sources = [...volumes, ...volumes.flatMap((volume) => itemsOf(childOf(volume, 'projected', 'sources')))]
  return [
    ...containers.flatMap(({ node }) =>
      itemsOf(childOf(node, 'env')).flatMap((variable) => checkReference(childOf(variable, 'valueFrom'), OF_VARIABLES)),
    ),
    ...sources.flatMap((source) =>
      itemsOf(childOf(source, 'downwardAPI', 'items')).flatMap((file) => [...checkReference(file, OF_FILES), ...checkContainer(file)]),
    ),
  ]
}

function checkReference(node: SourceNode | undefined, fields: readonly string[]): Finding[] {
  const [field, resource] = [childOf(node, 'fieldRef', 'fieldPath'), childOf(node, 'resourceFieldRef', 'resource')]
  return [...checkName(field, fields, ONE_OF_MANY, 'field of a pod'), ...checkName(resource, RESOURCES, HUGE, 'resource of a container')]
}

/** A file is no container's own. */
function checkContainer(file: SourceNode): Finding[] {
  const reference = entryOf(file, 'resourceFieldRef')
  if (!reference || setField(reference.value, 'containerName')) return []
  return [{ at: reference.key.start, message: '"resourceFieldRef" of a file needs "containerName", the container that is meant' }]
}

function checkName(node: SourceNode | undefined, known: readonly string[], also: RegExp, what: string): Finding[] {
  const name = knownText(node)
  if (!node || name === null || known.includes(name) || also.test(name)) return []
  return [
    {
      at: node.start,
      message: `there is no ${what} ${excerpt(name)} to be told here${didYouMean(name, known) || `; known are ${known.join(', ')}`}`,
    },
  ]
}
