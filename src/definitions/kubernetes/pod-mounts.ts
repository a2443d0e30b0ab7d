import { excerpt } from '../excerpt.ts'
import type { Finding } from '../problem.ts'
import { childOf, itemsOf, type SourceNode } from '../source/source-node.ts'
import type { ContainerView, JobView } from './job-view.ts'
import { isExpression, knownText, setField } from './set-fields.ts'

/** Fields of mounts that exclude or need each other, and devices of what is no claim. */
export function checkMountKinds({ pod, containers }: JobView): Finding[] {
  const volumes = itemsOf(childOf(pod, 'volumes'))
  return containers.flatMap((container) => [
    ...itemsOf(childOf(container.node, 'volumeMounts')).flatMap((mount) => checkMount(mount, container)),
    ...itemsOf(childOf(container.node, 'volumeDevices')).flatMap((device) => checkDevice(device, volumes)),
  ])
}

function checkMount(mount: SourceNode, { node }: ContainerView): Finding[] {
  const [part, expression] = [childOf(mount, 'subPath'), setField(mount, 'subPathExpr')]
  const propagation = childOf(mount, 'mountPropagation')
  const spread = knownText(propagation)
  const privileged = childOf(node, 'securityContext', 'privileged')
  const recursive = childOf(mount, 'recursiveReadOnly')
  const found: Finding[] = []
  if (knownText(part) !== null && expression && knownText(expression.value) !== null) {
    found.push({ at: expression.key.start, message: '"subPathExpr" cannot stand beside "subPath"; keep one of them' })
  }
  if (propagation && spread === 'Bidirectional' && privileged?.json !== true && !isExpression(privileged)) {
    found.push({ at: propagation.start, message: 'Bidirectional is for privileged containers; write HostToContainer or take it out' })
  }
  if (recursive && ['Enabled', 'IfPossible'].includes(knownText(recursive) ?? '')) {
    const readOnly = childOf(mount, 'readOnly')
    if (readOnly?.json !== true && !isExpression(readOnly))
      found.push({ at: recursive.start, message: '"recursiveReadOnly" needs "readOnly: true" beside it' })
    if (spread !== null && spread !== 'None')
      found.push({ at: recursive.start, message: '"recursiveReadOnly" goes with no mountPropagation but None' })
  }
  return found
}

function checkDevice(device: SourceNode, volumes: readonly SourceNode[]): Finding[] {
  const node = childOf(device, 'name')
  const name = knownText(node)
  const volume = volumes.find((one) => knownText(childOf(one, 'name')) === name)
  if (!node || name === null || !volume || setField(volume, 'persistentVolumeClaim') || setField(volume, 'ephemeral')) return []
  return [{ at: node.start, message: `${excerpt(name)} is no claim, and only claims can be devices; mount it with volumeMounts` }]
}
