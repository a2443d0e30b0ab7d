import type { JsonObject } from '../container.ts'

const CONTAINER_LISTS = ['initContainers', 'containers'] as const

/**
 * A pod's spec with what the level `restricted` demands where it says nothing itself: no root, the runtime's seccomp profile, no
 * capabilities, no escalation. Whatever contradicts that stays as it is; `podSecurityViolations` finds it.
 */
export function restrictPod<Spec extends object>(spec: Spec): Spec {
  const pod = spec as Spec & JsonObject
  const isWindows = mapOf(pod['os'])['name'] === 'windows'
  const lists = CONTAINER_LISTS.flatMap((list) => {
    const containers: unknown = pod[list]
    return Array.isArray(containers) ? [[list, containers.map((container: unknown) => restrictContainer(container, isWindows))] as const] : []
  })
  const context = mapOf(pod['securityContext'])
  return {
    ...spec,
    ...Object.fromEntries(lists),
    securityContext: { runAsNonRoot: true, ...(isWindows ? {} : { seccompProfile: { type: 'RuntimeDefault' } }), ...withoutNulls(context) },
  }
}

function restrictContainer(container: unknown, isWindows: boolean): unknown {
  if (isWindows || typeof container !== 'object' || container === null) return container
  const context = withoutNulls(mapOf((container as JsonObject)['securityContext']))
  const capabilities = mapOf(context['capabilities'])
  const drop: unknown[] = Array.isArray(capabilities['drop']) ? capabilities['drop'] : []
  return {
    ...container,
    securityContext: {
      allowPrivilegeEscalation: false,
      ...context,
      capabilities: { ...capabilities, drop: drop.includes('ALL') ? drop : [...drop, 'ALL'] },
    },
  }
}

function mapOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
}

function withoutNulls(map: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(map).filter(([, value]) => value !== null && value !== undefined))
}
