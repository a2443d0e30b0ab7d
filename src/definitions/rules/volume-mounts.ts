import { excerpt } from '../excerpt.ts'
import { holdsExpression } from '../expressions/template.ts'
import { didYouMean } from '../near-names.ts'
import type { Finding } from '../problem.ts'
import { childOf, itemsOf, textOf, type SourceNode } from '../source/source-node.ts'
import type { WorkflowRule } from './rule.ts'

/** Kubernetes refuses a pod that mounts a volume which it does not have. */
export const mountWithoutVolume: WorkflowRule = {
  id: 'mount-without-volume',
  severity: 'error',
  check: ({ steps, finally: last, defaults }) =>
    [...steps, ...last].flatMap((step) => {
      if (step.kind !== 'Container') return []
      const pods = [childOf(step.node, 'pod'), childOf(defaults, 'pod')]
      const volumes = childOf(pods[0], 'volumes') ?? childOf(pods[1], 'volumes')
      const init = itemsOf(childOf(pods[0], 'initContainers'))
      const own = step.field('volumeMounts')?.value
      return [own, ...init.map((container) => childOf(container, 'volumeMounts'))].flatMap((mounts) => checkMounts(mounts, volumes, 'pod.volumes'))
    }),
}

/** Mounts of which the volume is missing. `where` names the list of volumes for the message. */
export function checkMounts(mounts: SourceNode | undefined, volumes: SourceNode | undefined, where: string): Finding[] {
  const known = itemsOf(volumes).map((volume) => textOf(childOf(volume, 'name')) ?? '')
  if (known.some(holdsExpression)) return []
  return itemsOf(mounts).flatMap((mount) => {
    const node = childOf(mount, 'name')
    const name = textOf(node)
    if (!node || name === null || known.includes(name) || holdsExpression(name)) return []
    return [{ at: node.start, message: `there is no volume ${excerpt(name)}${didYouMean(name, known) || `; add it to ${where}`}` }]
  })
}
