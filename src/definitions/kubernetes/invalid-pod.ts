import type { KubernetesRule } from './kubernetes-rule.ts'
import { checkContainers } from './pod-containers.ts'
import { checkMountKinds } from './pod-mounts.ts'
import { checkNetwork } from './pod-network.ts'
import { checkScheduling } from './pod-scheduling.ts'
import { checkSecurity } from './pod-security-context.ts'
import { checkFieldReferences } from './pod-field-references.ts'

const ABOUT =
  `valueFrom volumes volumeMounts volumeDevices ports livenessProbe readinessProbe startupProbe lifecycle securityContext initContainers hostNetwork hostPID hostUsers
  hostnameOverride dnsPolicy shareProcessNamespace tolerations affinity topologySpreadConstraints ephemeralContainers`.split(/\s+/)

/** Fields of a pod and its containers that do not go together. */
export const invalidPod: KubernetesRule = {
  id: 'invalid-pod',
  about: ABOUT,
  check: (job) =>
    [checkContainers, checkMountKinds, checkNetwork, checkScheduling, checkSecurity, checkFieldReferences].flatMap((check) => check(job)),
}
