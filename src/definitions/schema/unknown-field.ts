import type { ErrorObject } from 'ajv/dist/2020.js'
import { excerpt } from '../excerpt.ts'
import { nearestName } from '../near-names.ts'

/** Fields that stand one level further down: of a step in `pod` or `job`, of a document in `spec`. */
const POD_FIELDS = new Set(
  `activeDeadlineSeconds affinity automountServiceAccountToken containers dnsConfig dnsPolicy enableServiceLinks hostAliases hostIPC hostNetwork hostPID hostUsers hostname
  imagePullSecrets initContainers nodeName nodeSelector os overhead preemptionPolicy priority priorityClassName readinessGates resourceClaims runtimeClassName
  schedulerName serviceAccount serviceAccountName setHostnameAsFQDN shareProcessNamespace subdomain terminationGracePeriodSeconds tolerations topologySpreadConstraints
  volumes`.split(/\s+/),
)
const JOB_FIELDS = new Set(
  'backoffLimit backoffLimitPerIndex completionMode completions managedBy maxFailedIndexes parallelism podFailurePolicy podReplacementPolicy successPolicy'.split(
    ' ',
  ),
)

/** More known names than this are not listed in a message. */
const MOST_LISTED = 12

/** Names that the schema knows where this error is. */
export function knownFields(error: ErrorObject): string[] {
  const schema = error.parentSchema as { properties?: Record<string, unknown> } | undefined
  return Object.keys(schema?.properties ?? {})
}

/** What to do about a field that the schema does not know. `parent` is the field that holds it; null in a list or at the top. */
export function describeUnknownField(field: string, parent: string | null, error: ErrorObject): string {
  const known = knownFields(error)
  const unknown = `unknown field ${excerpt(field)}`
  const near = nearestName(field, known)
  if (near !== null) return `${unknown}, did you mean ${excerpt(near)}?`
  if (known.includes('pod') && POD_FIELDS.has(field)) return `${unknown}; it is one of a pod: put it below "pod"`
  if (known.includes('job') && JOB_FIELDS.has(field)) return `${unknown}; it is one of a Job: put it below "job"`
  if (parent === null && known.includes('spec')) return `${unknown}; put what the document says below "spec"`
  return known.length <= MOST_LISTED ? `${unknown}; known here: ${known.join(', ')}` : `${unknown}; take it out`
}
