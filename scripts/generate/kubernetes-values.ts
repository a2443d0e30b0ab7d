/** What the client's types do not tell of a Job: quantities, and fields of which only some texts are allowed, as of Kubernetes' API reference. */

/** A JSON schema, as far as it is looked at here. */
export interface Schema {
  type?: string | string[]
  $ref?: string
  enum?: readonly unknown[]
  description?: string
  [keyword: string]: unknown
}

/** An amount such as `100m`, `64Mi`, `1.5` or `2e3`; `form` tells our messages what is meant. */
export const QUANTITY: Schema = {
  type: ['string', 'number'],
  pattern: '^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$',
  form: 'quantity',
}

/** Where quantities are, or maps of them. */
export const QUANTITY_FIELDS = new Set([
  'V1ResourceRequirements.limits',
  'V1ResourceRequirements.requests',
  'V1VolumeResourceRequirements.limits',
  'V1VolumeResourceRequirements.requests',
  'V1EmptyDirVolumeSource.sizeLimit',
  'V1PodSpec.overhead',
  'V1ResourceFieldSelector.divisor',
])

const SELECTOR = ['In', 'NotIn', 'Exists', 'DoesNotExist']
const POLICY = ['Honor', 'Ignore']

/** Allowed texts by type and field. */
export const ENUMS: Readonly<Record<string, readonly string[]>> = {
  'V1AppArmorProfile.type': ['RuntimeDefault', 'Localhost', 'Unconfined'],
  'V1AzureDiskVolumeSource.cachingMode': ['None', 'ReadOnly', 'ReadWrite'],
  'V1AzureDiskVolumeSource.kind': ['Shared', 'Dedicated', 'Managed'],
  'V1Container.imagePullPolicy': ['', 'Always', 'IfNotPresent', 'Never'],
  'V1Container.restartPolicy': ['Always', 'Never', 'OnFailure'],
  'V1Container.terminationMessagePolicy': ['', 'File', 'FallbackToLogsOnError'],
  'V1ContainerPort.protocol': ['', 'TCP', 'UDP', 'SCTP'],
  'V1ContainerResizePolicy.resourceName': ['cpu', 'memory'],
  'V1ContainerResizePolicy.restartPolicy': ['NotRequired', 'RestartContainer'],
  'V1ContainerRestartRule.action': ['Restart', 'RestartAllContainers'],
  'V1ContainerRestartRuleOnExitCodes.operator': ['In', 'NotIn'],
  'V1HTTPGetAction.scheme': ['', 'HTTP', 'HTTPS'],
  'V1HostPathVolumeSource.type': ['', 'DirectoryOrCreate', 'Directory', 'FileOrCreate', 'File', 'Socket', 'CharDevice', 'BlockDevice'],
  'V1Job.apiVersion': ['batch/v1'],
  'V1Job.kind': ['Job'],
  'V1JobSpec.completionMode': ['NonIndexed', 'Indexed'],
  'V1JobSpec.podReplacementPolicy': ['TerminatingOrFailed', 'Failed'],
  'V1LabelSelectorRequirement.operator': SELECTOR,
  'V1NodeSelectorRequirement.operator': [...SELECTOR, 'Gt', 'Lt'],
  'V1ObjectFieldSelector.apiVersion': ['', 'v1'],
  'V1PersistentVolumeClaimSpec.volumeMode': ['Block', 'Filesystem'],
  'V1PodFailurePolicyOnExitCodesRequirement.operator': ['In', 'NotIn'],
  'V1PodFailurePolicyOnPodConditionsPattern.status': ['', 'True', 'False', 'Unknown'],
  'V1PodFailurePolicyRule.action': ['FailJob', 'FailIndex', 'Ignore', 'Count'],
  'V1PodOS.name': ['linux', 'windows'],
  'V1PodSecurityContext.fsGroupChangePolicy': ['OnRootMismatch', 'Always'],
  'V1PodSecurityContext.seLinuxChangePolicy': ['MountOption', 'Recursive'],
  'V1PodSecurityContext.supplementalGroupsPolicy': ['Merge', 'Strict'],
  'V1PodSpec.dnsPolicy': ['', 'ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None'],
  'V1PodSpec.preemptionPolicy': ['PreemptLowerPriority', 'Never'],
  'V1PodSpec.restartPolicy': ['', 'Never', 'OnFailure'],
  'V1SeccompProfile.type': ['RuntimeDefault', 'Localhost', 'Unconfined'],
  'V1SecurityContext.procMount': ['Default', 'Unmasked'],
  'V1Toleration.effect': ['', 'NoSchedule', 'PreferNoSchedule', 'NoExecute'],
  'V1Toleration.operator': ['', 'Exists', 'Equal', 'Lt', 'Gt'],
  'V1TopologySpreadConstraint.nodeAffinityPolicy': POLICY,
  'V1TopologySpreadConstraint.nodeTaintsPolicy': POLICY,
  'V1TopologySpreadConstraint.whenUnsatisfiable': ['DoNotSchedule', 'ScheduleAnyway'],
  'V1VolumeMount.mountPropagation': ['None', 'HostToContainer', 'Bidirectional'],
  'V1VolumeMount.recursiveReadOnly': ['Disabled', 'IfPossible', 'Enabled'],
}

/** Fields that the types have as required, and that the API server fills in or does without. */
export const OPTIONAL: ReadonlySet<string> = new Set([
  'V1HTTPHeader.value',
  'V1ISCSIVolumeSource.lun',
  'V1PodFailurePolicy.rules',
  'V1PodFailurePolicyOnPodConditionsPattern.status',
  'V1PreferredSchedulingTerm.preference',
  'V1SleepAction.seconds',
  'V1Sysctl.value',
])

/** Fields that the types have as optional, and without which the API server refuses the Job. */
export const REQUIRED: ReadonlySet<string> = new Set([
  'V1ConfigMapEnvSource.name',
  'V1ConfigMapKeySelector.name',
  'V1ConfigMapProjection.name',
  'V1ConfigMapVolumeSource.name',
  'V1EphemeralVolumeSource.volumeClaimTemplate',
  'V1ExecAction.command',
  'V1HTTPGetAction.port',
  'V1PersistentVolumeClaimSpec.accessModes',
  'V1PodDNSConfigOption.name',
  'V1SecretEnvSource.name',
  'V1SecretKeySelector.name',
  'V1SecretProjection.name',
  'V1SecretVolumeSource.secretName',
])
