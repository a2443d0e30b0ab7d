import { excerpt } from '../excerpt.ts'
import { holdsExpression } from '../expressions/template.ts'
import { didYouMean } from '../near-names.ts'
import type { Finding } from '../problem.ts'
import { childOf, itemsOf, textOf, type SourceNode } from '../source/source-node.ts'
import type { ContainerView } from './job-view.ts'
import type { KubernetesRule } from './kubernetes-rule.ts'
import { isExpression } from './set-fields.ts'

/** Volumes that a container uses and its pod does not have. */
export const mountWithoutVolume: KubernetesRule = {
  id: 'mount-without-volume',
  about: ['volumeMounts', 'volumeDevices', 'valueFrom'],
  check({ pod, containers }) {
    const uses = containers.flatMap(usesOf)
    if (uses.length === 0) return []
    const volumes = childOf(pod, 'volumes')
    const known = itemsOf(volumes).map((volume) => textOf(childOf(volume, 'name')) ?? '')
    // What an expression makes may be the one that is missing.
    return isExpression(volumes) || known.some(holdsExpression) ? [] : uses.flatMap((use) => checkUse(use, known))
  },
}

function usesOf({ node }: ContainerView): SourceNode[] {
  const mounts = ['volumeMounts', 'volumeDevices'].flatMap((list) => itemsOf(childOf(node, list)).flatMap((mount) => childOf(mount, 'name') ?? []))
  const files = itemsOf(childOf(node, 'env')).flatMap((variable) => childOf(variable, 'valueFrom', 'fileKeyRef', 'volumeName') ?? [])
  return [...mounts, ...files]
}

function checkUse(node: SourceNode, known: readonly string[]): Finding[] {
  const name = textOf(node)
  if (name === null || name === '' || known.includes(name) || holdsExpression(name)) return []
  return [{ at: node.start, message: `there is no volume ${excerpt(name)}${didYouMean(name, known) || '; add it to "volumes" of the pod'}` }]
}
