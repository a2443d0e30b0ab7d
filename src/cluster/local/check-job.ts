import type { Container, JsonObject } from '../../definitions/container.ts'
import type { Job, PodSpec } from '../../runs/objects.ts'
import { UnsupportedJobError } from '../ports.ts'
import { listField, objectField, textField } from './json-fields.ts'
import { containersOf } from './launch.ts'
import { isPlaceKnown, mountPathOf } from './mounts.ts'
import { checkPodFailurePolicy } from './pod-failure-policy.ts'

/** Fields that would change what a Job does, and that processes of one machine do not have. Others concern placement, images and limits, and are passed over. */
const REFUSED_IN_JOB = ['successPolicy', 'backoffLimitPerIndex', 'maxFailedIndexes']
const REFUSED_IN_POD = ['activeDeadlineSeconds', 'hostAliases']
const REFUSED_IN_CONTAINER = ['lifecycle', 'livenessProbe', 'startupProbe', 'volumeDevices', 'restartPolicy', 'restartPolicyRules']
const VOLUME_KINDS = ['emptyDir', 'secret', 'configMap']
const FIELD_REFS = /^metadata\.(name|namespace|uid|labels\['[^']+'\]|annotations\['[^']+'\])$/
const ENV_SOURCES = ['secretKeyRef', 'configMapKeyRef', 'fieldRef']
const INSTEAD = 'Leave it out, or run this workflow with the kubernetes runner.'

/** Throws UnsupportedJobError when the Job asks for something that processes of this machine cannot give. `canMount`: mounts can be at the paths that it says. */
export function checkJob(job: Job, canMount: () => boolean): void {
  const { spec } = job
  refuseFields(spec, REFUSED_IN_JOB, 'spec')
  if (spec['completionMode'] !== undefined && spec['completionMode'] !== 'NonIndexed') {
    refuse('spec.completionMode', 'only NonIndexed Jobs run locally.')
  }
  if (spec['managedBy'] !== undefined && spec['managedBy'] !== 'kubernetes.io/job-controller')
    refuse('spec.managedBy', 'there is no other controller here.')
  if ((spec.parallelism ?? 1) > 1 && spec.completions === undefined) {
    throw new UnsupportedJobError('spec.parallelism: a work queue (parallelism without completions) does not run locally. Set spec.completions.')
  }
  if (spec.suspend === true) refuse('spec.suspend', 'nobody could ever resume it here.')
  checkPodFailurePolicy(spec)
  checkPod(spec.template.spec, canMount)
}

function checkPod(pod: PodSpec, canMount: () => boolean): void {
  const path = 'spec.template.spec'
  refuseFields(pod, REFUSED_IN_POD, path)
  checkVolumes(pod.volumes ?? [], `${path}.volumes`)
  const volumes = new Set((pod.volumes ?? []).map((volume) => volume['name']))
  const names = containersOf(pod).map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw new UnsupportedJobError(`${path}: there are two containers called ${twice}. Rename one.`)
  if (pod.containers.length === 0) throw new UnsupportedJobError(`${path}.containers: there is none. Add one with a command.`)
  for (const list of ['initContainers', 'containers'] as const) {
    for (const [index, container] of (pod[list] ?? []).entries()) checkContainer(container, `${path}.${list}[${index}]`, volumes, canMount)
  }
}

function checkVolumes(volumes: JsonObject[], path: string): void {
  for (const [index, volume] of volumes.entries()) {
    const kind = Object.keys(volume).find((key) => key !== 'name') ?? 'emptyDir'
    if (!VOLUME_KINDS.includes(kind)) refuse(`${path}[${index}].${kind}`, `the local runner has the volumes ${VOLUME_KINDS.join(', ')}.`)
    checkName(textField(volume, 'name'), `${path}[${index}].name`)
    for (const item of listField(objectField(volume, kind) ?? {}, 'items'))
      checkInside(textField(item, 'path'), `${path}[${index}].${kind}.items.path`)
  }
}

function checkContainer(container: Container, path: string, volumes: Set<unknown>, canMount: () => boolean): void {
  refuseFields(container, REFUSED_IN_CONTAINER, path)
  if (container.name !== undefined) checkName(container.name, `${path}.name`)
  if ((container.command ?? []).length === 0) {
    throw new UnsupportedJobError(`${path}.command: the local runner does not use the image, so its entrypoint is not known. Write a command.`)
  }
  for (const [index, variable] of (container.env ?? []).entries()) checkVariable(variable.valueFrom, `${path}.env[${index}].valueFrom`)
  for (const [index, mount] of (container.volumeMounts ?? []).entries())
    checkMount(container, mount, `${path}.volumeMounts[${index}]`, volumes, canMount)
}

function checkVariable(source: JsonObject | undefined, path: string): void {
  if (source === undefined) return
  for (const kind of Object.keys(source)) {
    if (!ENV_SOURCES.includes(kind)) refuse(`${path}.${kind}`, `the local runner has ${ENV_SOURCES.join(', ')}.`)
  }
  const field = (source['fieldRef'] as JsonObject | undefined)?.['fieldPath']
  if (field !== undefined && (typeof field !== 'string' || !FIELD_REFS.test(field))) {
    refuse(`${path}.fieldRef.fieldPath`, 'only name, namespace, uid, labels and annotations of metadata are known here.')
  }
}

function checkMount(container: Container, mount: JsonObject, path: string, volumes: Set<unknown>, canMount: () => boolean): void {
  if (mount['subPathExpr'] !== undefined) refuse(`${path}.subPathExpr`, 'it is not expanded here.')
  if (!volumes.has(mount['name']))
    throw new UnsupportedJobError(`${path}.name: there is no volume ${JSON.stringify(mount['name'])}. Add it to volumes.`)
  checkInside(textField(mount, 'subPath'), `${path}.subPath`)
  if (isPlaceKnown(container, mount) || canMount()) return
  const place = mountPathOf(mount)
  throw new UnsupportedJobError(
    `${path}.mountPath: nothing can be mounted at ${place} of this machine, which has no bubblewrap that works. Install it (Linux), or add a variable such as FUSEE_DIR with the value ${place} to env ` +
      'and use $FUSEE_DIR in the command, or run this workflow with the kubernetes runner.',
  )
}

/** Names of containers and volumes become names of folders. */
function checkName(name: string, path: string): void {
  if (!/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name)) throw new UnsupportedJobError(`${path}: ${JSON.stringify(name)} is no name. Use a-z, 0-9 and -.`)
}

function checkInside(place: string, path: string): void {
  if (place.split('/').includes('..')) throw new UnsupportedJobError(`${path}: it must not contain "..".`)
}

function refuseFields(object: object, fields: readonly string[], path: string): void {
  for (const field of fields) {
    if ((object as Record<string, unknown>)[field] !== undefined) refuse(`${path}.${field}`, 'the local runner does not have it.')
  }
}

function refuse(path: string, reason: string): never {
  throw new UnsupportedJobError(`${path}: ${reason} ${INSTEAD}`)
}
