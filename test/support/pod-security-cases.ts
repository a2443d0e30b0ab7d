import type { JsonObject } from '../../src/definitions/container.ts'
import type { PodSecurityLevel } from '../../src/definitions/policy/policy.ts'

/** A pod's spec that differs in one thing from a plain one, and the strictest level that allows it once that level's demands are filled in. */
export interface PodSecurityCase {
  title: string
  pod: JsonObject
  annotations?: Record<string, string>
  wantLevel: PodSecurityLevel
  /** Paths that are found, for a level that is too strict. */
  wantPaths: string[]
  /** Minor version of Kubernetes since which its admission looks at this; absent: any that we support. */
  sinceMinor?: number
}

const CONTAINER = { name: 'step', image: 'busybox', command: ['true'] }

function pod(fields: JsonObject): JsonObject {
  return { restartPolicy: 'Never', containers: [CONTAINER], ...fields }
}

function container(fields: JsonObject): JsonObject {
  return pod({ containers: [{ ...CONTAINER, ...fields }] })
}

/** The same field of a security context in the pod, a container and an init container, as far as it exists there. */
function everywhere(title: string, context: JsonObject, field: string, wantLevel: PodSecurityLevel, inPod = true): PodSecurityCase[] {
  const wantPaths = (path: string): string[] => (wantLevel === 'restricted' ? [] : [`${path}securityContext.${field}`])
  const init = { ...CONTAINER, name: 'first', securityContext: context }
  return [
    ...(inPod ? [{ title: `${title}, of the pod`, pod: pod({ securityContext: context }), wantLevel, wantPaths: wantPaths('') }] : []),
    { title: `${title}, of a container`, pod: container({ securityContext: context }), wantLevel, wantPaths: wantPaths('containers[0].') },
    { title: `${title}, of an init container`, pod: pod({ initContainers: [init] }), wantLevel, wantPaths: wantPaths('initContainers[0].') },
  ]
}

function capability(name: string, wantLevel: PodSecurityLevel): PodSecurityCase[] {
  return everywhere(`capability ${name}`, { capabilities: { add: [name] } }, 'capabilities.add[0]', wantLevel, false)
}

function volume(kind: string, source: JsonObject, wantLevel: PodSecurityLevel): PodSecurityCase {
  const wantPaths = wantLevel === 'restricted' ? [] : [`volumes[0].${kind}`]
  return { title: `volume ${kind}`, pod: pod({ volumes: [{ name: 'some', [kind]: source }] }), wantLevel, wantPaths }
}

function sysctl(name: string, wantLevel: PodSecurityLevel): PodSecurityCase {
  const wantPaths = wantLevel === 'restricted' ? [] : ['securityContext.sysctls[0].name']
  return { title: `sysctl ${name}`, pod: pod({ securityContext: { sysctls: [{ name, value: '1' }] } }), wantLevel, wantPaths }
}

function handler(field: string, wrap: (action: JsonObject) => JsonObject): PodSecurityCase[] {
  const actions: [string, JsonObject][] = [
    ['httpGet', { port: 80 }],
    ['tcpSocket', { port: 80 }],
  ]
  return actions.flatMap(([kind, action]): PodSecurityCase[] => [
    {
      title: `${field} by ${kind} of another host`,
      pod: container(wrap({ [kind]: { ...action, host: '10.0.0.1' } })),
      wantLevel: 'privileged',
      wantPaths: [`containers[0].${field}.${kind}.host`],
      sinceMinor: 34,
    },
    { title: `${field} by ${kind}`, pod: container(wrap({ [kind]: action })), wantLevel: 'restricted', wantPaths: [] },
  ])
}

/** Every field that a level looks at, with a value on each side of every border. */
export const POD_SECURITY_CASES: readonly PodSecurityCase[] = [
  { title: 'a plain pod', pod: pod({}), wantLevel: 'restricted', wantPaths: [] },
  ...['hostNetwork', 'hostPID', 'hostIPC'].flatMap((field): PodSecurityCase[] => [
    { title: field, pod: pod({ [field]: true }), wantLevel: 'privileged', wantPaths: [field] },
    { title: `${field}: false`, pod: pod({ [field]: false }), wantLevel: 'restricted', wantPaths: [] },
  ]),
  ...everywhere('privileged', { privileged: true }, 'privileged', 'privileged', false),
  ...everywhere('privileged: false', { privileged: false }, 'privileged', 'restricted', false),
  ...['SYS_ADMIN', 'NET_RAW', 'NET_ADMIN', 'SYS_PTRACE', 'ALL'].flatMap((name) => capability(name, 'privileged')),
  ...'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD SETFCAP SETGID SETPCAP SETUID SYS_CHROOT'
    .split(' ')
    .flatMap((name) => capability(name, 'baseline')),
  ...capability('NET_BIND_SERVICE', 'restricted'),
  volume('hostPath', { path: '/' }, 'privileged'),
  volume('nfs', { server: 'nfs.example.com', path: '/' }, 'baseline'),
  volume('iscsi', { targetPortal: '10.0.0.1', iqn: 'iqn.2001-04.com.example:storage', lun: 0 }, 'baseline'),
  volume('fc', { wwids: ['3600508b400105e210000900000490000'] }, 'baseline'),
  volume('emptyDir', {}, 'restricted'),
  volume('configMap', { name: 'some' }, 'restricted'),
  volume('secret', { secretName: 'some' }, 'restricted'),
  volume('downwardAPI', { items: [{ path: 'name', fieldRef: { fieldPath: 'metadata.name' } }] }, 'restricted'),
  volume('projected', { sources: [{ configMap: { name: 'some' } }] }, 'restricted'),
  volume('persistentVolumeClaim', { claimName: 'some' }, 'restricted'),
  volume('csi', { driver: 'csi.example.com' }, 'restricted'),
  volume(
    'ephemeral',
    { volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } } },
    'restricted',
  ),
  {
    title: 'a host port',
    pod: container({ ports: [{ containerPort: 80, hostPort: 80 }] }),
    wantLevel: 'privileged',
    wantPaths: ['containers[0].ports[0].hostPort'],
  },
  { title: 'a host port of 0', pod: container({ ports: [{ containerPort: 80, hostPort: 0 }] }), wantLevel: 'restricted', wantPaths: [] },
  ...handler('livenessProbe', (action) => ({ livenessProbe: action })),
  ...handler('readinessProbe', (action) => ({ readinessProbe: action })),
  ...handler('startupProbe', (action) => ({ startupProbe: action })),
  ...handler('lifecycle.postStart', (action) => ({ lifecycle: { postStart: action } })),
  ...handler('lifecycle.preStop', (action) => ({ lifecycle: { preStop: action } })),
  ...everywhere('AppArmor unconfined', { appArmorProfile: { type: 'Unconfined' } }, 'appArmorProfile.type', 'privileged').map((one) => ({
    ...one,
    sinceMinor: 30,
  })),
  ...everywhere('AppArmor of the runtime', { appArmorProfile: { type: 'RuntimeDefault' } }, 'appArmorProfile.type', 'restricted'),
  ...everywhere('AppArmor of the node', { appArmorProfile: { type: 'Localhost', localhostProfile: 'some' } }, 'appArmorProfile.type', 'restricted'),
  ...['unconfined', 'some'].map((profile): PodSecurityCase => ({
    title: `AppArmor by annotation: ${profile}`,
    pod: pod({}),
    annotations: { 'container.apparmor.security.beta.kubernetes.io/step': profile },
    wantLevel: 'privileged',
    wantPaths: ['metadata.annotations.container.apparmor.security.beta.kubernetes.io/step'],
  })),
  ...['runtime/default', 'localhost/some', ''].map((profile): PodSecurityCase => ({
    title: `AppArmor by annotation: ${JSON.stringify(profile)}`,
    pod: pod({}),
    annotations: { 'container.apparmor.security.beta.kubernetes.io/step': profile },
    wantLevel: 'restricted',
    wantPaths: [],
  })),
  ...everywhere('SELinux type', { seLinuxOptions: { type: 'spc_t' } }, 'seLinuxOptions.type', 'privileged'),
  ...['container_t', 'container_init_t', 'container_kvm_t'].flatMap((type) =>
    everywhere(`SELinux type ${type}`, { seLinuxOptions: { type } }, 'seLinuxOptions.type', 'restricted'),
  ),
  ...everywhere('SELinux user', { seLinuxOptions: { user: 'system_u' } }, 'seLinuxOptions.user', 'privileged'),
  ...everywhere('SELinux role', { seLinuxOptions: { role: 'sysadm_r' } }, 'seLinuxOptions.role', 'privileged'),
  ...everywhere('SELinux level', { seLinuxOptions: { level: 's0:c123,c456' } }, 'seLinuxOptions.level', 'restricted'),
  ...everywhere('/proc as it is', { procMount: 'Default' }, 'procMount', 'restricted', false),
  ...everywhere('seccomp unconfined', { seccompProfile: { type: 'Unconfined' } }, 'seccompProfile.type', 'privileged'),
  ...everywhere('seccomp of the runtime', { seccompProfile: { type: 'RuntimeDefault' } }, 'seccompProfile.type', 'restricted'),
  ...everywhere('seccomp of the node', { seccompProfile: { type: 'Localhost', localhostProfile: 'some.json' } }, 'seccompProfile.type', 'restricted'),
  ...['kernel.msgmax', 'net.core.somaxconn', 'net.ipv4.ip_forward'].map((name) => sysctl(name, 'privileged')),
  ...[
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
  ].map((name) => sysctl(name, 'restricted')),
  ...everywhere('escalation', { allowPrivilegeEscalation: true }, 'allowPrivilegeEscalation', 'baseline', false),
  ...everywhere('no escalation', { allowPrivilegeEscalation: false }, 'allowPrivilegeEscalation', 'restricted', false),
  ...everywhere('root allowed', { runAsNonRoot: false }, 'runAsNonRoot', 'baseline'),
  ...everywhere('no root', { runAsNonRoot: true }, 'runAsNonRoot', 'restricted'),
  ...everywhere('user 0', { runAsUser: 0 }, 'runAsUser', 'baseline'),
  ...everywhere('user 1000', { runAsUser: 1000 }, 'runAsUser', 'restricted'),
  ...everywhere('all capabilities dropped', { capabilities: { drop: ['ALL'] } }, 'capabilities.drop', 'restricted', false),
  ...everywhere('one capability dropped', { capabilities: { drop: ['CHOWN'] } }, 'capabilities.drop', 'restricted', false),
  ...everywhere('empty contexts', { capabilities: {} }, 'capabilities', 'restricted', false),
]

/** Cases of fields that the API server refuses itself unless other fields are there, or that only Windows has. */
export const OFFLINE_POD_SECURITY_CASES: readonly PodSecurityCase[] = [
  ...everywhere('/proc unmasked', { procMount: 'Unmasked' }, 'procMount', 'privileged', false),
  ...everywhere('a process of a Windows host', { windowsOptions: { hostProcess: true } }, 'windowsOptions.hostProcess', 'privileged'),
  { title: 'a Windows pod', pod: pod({ os: { name: 'windows' } }), wantLevel: 'restricted', wantPaths: [] },
  {
    title: 'capabilities of a Windows pod',
    pod: { ...container({ securityContext: { allowPrivilegeEscalation: true } }), os: { name: 'windows' } },
    wantLevel: 'restricted',
    wantPaths: [],
  },
]
