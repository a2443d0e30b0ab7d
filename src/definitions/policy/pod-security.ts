import { below, fieldsBelow, isSet, itemsBelow, type Path, type Place } from './place.ts'
import type { PodSecurityLevel } from './policy.ts'

/** Something that a level of Kubernetes' Pod Security Standards forbids. */
export interface Violation {
  /** Of the value that is forbidden. */
  path: Path
  /** The strictest level that allows it. */
  needs: Exclude<PodSecurityLevel, 'restricted'>
  /** What is forbidden and what may be there instead: `must not be true`. */
  message: string
}

/** What of a pod is looked at. */
interface PodPlaces {
  spec: Place
  /** Its metadata's annotations. */
  annotations: Place
  /** The pod's and its containers' security contexts. */
  contexts: Place[]
  containers: Place[]
  isWindows: boolean
}

type Control = (pod: PodPlaces) => Omit<Violation, 'needs'>[]

const CONTAINER_LISTS = ['initContainers', 'containers', 'ephemeralContainers']
const BASELINE_CAPABILITIES =
  'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT'.split(' ')
const SELINUX_TYPES = ['', 'container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t']
/** The list of Kubernetes 1.29, to which later versions have only added. */
const SAFE_SYSCTLS = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_syncookies',
]
const RESTRICTED_VOLUMES = ['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'persistentVolumeClaim', 'projected', 'secret']
const PROBES = ['livenessProbe', 'readinessProbe', 'startupProbe']
const HOOKS = [
  ['lifecycle', 'postStart'],
  ['lifecycle', 'preStop'],
]

/**
 * All that a pod's spec asks for beyond a level, as of https://kubernetes.io/docs/concepts/security/pod-security-standards/ for
 * Kubernetes 1.29 and what later versions forbid as well. `restricted` demands some fields too: those are filled in by `restrictPod`,
 * so that only what contradicts them counts here.
 */
export function podSecurityViolations(spec: Place, annotations: Place): Violation[] {
  if (isHarmless(spec, annotations)) return []
  const containers = CONTAINER_LISTS.flatMap((list) => itemsBelow(spec, list))
  const contexts = [spec, ...containers].map((place) => below(place, 'securityContext'))
  const pod: PodPlaces = { spec, annotations, contexts, containers, isWindows: below(spec, 'os', 'name').value === 'windows' }
  const beyondBaseline = BASELINE.flatMap((control) => control(pod)).map((found): Violation => ({ ...found, needs: 'privileged' }))
  const beyondRestricted = RESTRICTED.flatMap((control) => control(pod)).map((found): Violation => ({ ...found, needs: 'baseline' }))
  const known = new Set(beyondBaseline.map(({ path }) => JSON.stringify(path)))
  return [...beyondBaseline, ...beyondRestricted.filter(({ path }) => !known.has(JSON.stringify(path)))]
}

/** Fields of which no level forbids anything. */
const HARMLESS_OF_PODS = new Set(['containers', 'initContainers', 'restartPolicy', 'serviceAccountName', 'nodeSelector', 'tolerations', 'affinity'])
const HARMLESS_OF_CONTAINERS = new Set(
  'name image command args workingDir env envFrom resources volumeMounts imagePullPolicy terminationMessagePath terminationMessagePolicy tty stdin'.split(
    ' ',
  ),
)

/** Whether nothing is there but such fields, as in most pods, so that there is no need to look at each control. */
function isHarmless(spec: Place, annotations: Place): boolean {
  return (
    !isSet(annotations) &&
    hasOnly(spec.value, HARMLESS_OF_PODS) &&
    CONTAINER_LISTS.every((list) => itemsBelow(spec, list).every(({ value }) => hasOnly(value, HARMLESS_OF_CONTAINERS)))
  )
}

function hasOnly(value: unknown, fields: ReadonlySet<string>): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).every((field) => fields.has(field))
}

const BASELINE: readonly Control[] = [
  // HostProcess
  ({ contexts }) => mustNotBeTrue(contexts.map((context) => below(context, 'windowsOptions', 'hostProcess'))),
  // Host namespaces
  ({ spec }) => mustNotBeTrue(['hostNetwork', 'hostPID', 'hostIPC'].map((field) => below(spec, field))),
  // Privileged containers
  ({ contexts }) => mustNotBeTrue(contexts.map((context) => below(context, 'privileged'))),
  // Capabilities
  ({ contexts }) => mustBeOneOf(contexts.flatMap(addedCapabilities), BASELINE_CAPABILITIES),
  // HostPath volumes
  ({ spec }) =>
    itemsBelow(spec, 'volumes')
      .map((volume) => below(volume, 'hostPath'))
      .filter(isSet)
      .map(({ path }) => ({ path, message: 'is refused: it shows files of the node' })),
  // Host ports
  ({ containers }) =>
    containers
      .flatMap((container) => itemsBelow(container, 'ports'))
      .map((port) => below(port, 'hostPort'))
      .filter((port) => isSet(port) && port.value !== 0)
      .map(({ path }) => ({ path, message: 'is refused: it takes a port of the node' })),
  // Host probes and lifecycle hooks
  ({ containers }) => mustBeOneOf(containers.flatMap(handlerHosts), ['']),
  // AppArmor
  ({ contexts }) =>
    mustBeOneOf(
      contexts.map((context) => below(context, 'appArmorProfile', 'type')),
      ['RuntimeDefault', 'Localhost'],
    ),
  ({ annotations }) =>
    fieldsBelow(annotations)
      .filter(({ field, place }) => field.startsWith('container.apparmor.security.beta.kubernetes.io/') && !isLoadedProfile(place.value))
      .map(({ place: { path } }) => ({ path, message: 'must be runtime/default or localhost/…' })),
  // SELinux
  ({ contexts }) =>
    mustBeOneOf(
      contexts.map((context) => below(context, 'seLinuxOptions', 'type')),
      SELINUX_TYPES,
    ),
  ({ contexts }) =>
    mustBeOneOf(
      contexts.flatMap((context) => ['user', 'role'].map((field) => below(context, 'seLinuxOptions', field))),
      [''],
    ),
  // /proc mount type
  ({ contexts }) =>
    mustBeOneOf(
      contexts.map((context) => below(context, 'procMount')),
      ['Default'],
    ),
  // Seccomp
  ({ contexts }) =>
    mustBeOneOf(
      contexts.map((context) => below(context, 'seccompProfile', 'type')),
      ['RuntimeDefault', 'Localhost'],
    ),
  // Sysctls
  ({ spec }) =>
    mustBeOneOf(
      itemsBelow(spec, 'securityContext', 'sysctls').map((sysctl) => below(sysctl, 'name')),
      SAFE_SYSCTLS,
    ),
]

const RESTRICTED: readonly Control[] = [
  // Volume types
  ({ spec }) =>
    itemsBelow(spec, 'volumes').flatMap((volume) =>
      fieldsBelow(volume)
        .filter(({ field, place }) => field !== 'name' && isSet(place) && !RESTRICTED_VOLUMES.includes(field))
        .map(({ place: { path } }) => ({ path, message: `is refused: volumes are ${RESTRICTED_VOLUMES.join(', ')}` })),
    ),
  // Privilege escalation
  ({ contexts, isWindows }) => (isWindows ? [] : mustNotBeTrue(contexts.map((context) => below(context, 'allowPrivilegeEscalation')))),
  // Running as non-root
  ({ contexts }) =>
    contexts
      .map((context) => below(context, 'runAsNonRoot'))
      .filter(({ value }) => value === false)
      .map(({ path }) => ({ path, message: 'must not be false' })),
  // Running as non-root user
  ({ contexts }) =>
    contexts
      .map((context) => below(context, 'runAsUser'))
      .filter(({ value }) => value === 0)
      .map(({ path }) => ({ path, message: 'must not be 0, which is root' })),
  // Capabilities
  ({ contexts, isWindows }) => (isWindows ? [] : mustBeOneOf(contexts.flatMap(addedCapabilities), ['NET_BIND_SERVICE'])),
]

function mustNotBeTrue(places: readonly Place[]): Omit<Violation, 'needs'>[] {
  return places.filter(({ value }) => value === true).map(({ path }) => ({ path, message: 'must not be true' }))
}

function mustBeOneOf(places: readonly Place[], allowed: readonly string[]): Omit<Violation, 'needs'>[] {
  const others = places.filter((place) => isSet(place) && !allowed.includes(String(place.value)))
  if (others.length === 0) return []
  const message = allowed.every((value) => value === '') ? 'must be left out' : `must be one of ${allowed.filter((value) => value !== '').join(', ')}`
  return others.map(({ path }) => ({ path, message }))
}

function addedCapabilities(context: Place): Place[] {
  return itemsBelow(context, 'capabilities', 'add')
}

/** Hosts that probes and hooks of a container call instead of its own pod. */
function handlerHosts(container: Place): Place[] {
  const handlers = [...PROBES.map((field) => [field]), ...HOOKS].map((fields) => below(container, ...fields))
  return handlers.flatMap((handler) => ['httpGet', 'tcpSocket'].map((kind) => below(handler, kind, 'host')))
}

function isLoadedProfile(value: unknown): boolean {
  return value === '' || value === 'runtime/default' || (typeof value === 'string' && value.startsWith('localhost/'))
}
