import type { Schema } from './kubernetes-values.ts'

/** What values of a Job's fields Kubernetes' API server takes, as of its validation in pkg/apis/core and pkg/apis/batch, where a field by itself decides it. */

/** A text of this form. Editors that know `patternErrorMessage` show it, and so do our own messages. */
function text(pattern: string, patternErrorMessage: string, maxLength?: number): Schema {
  return { pattern, patternErrorMessage, ...(maxLength !== undefined && { maxLength }) }
}

function between(minimum: number, maximum: number): Schema {
  return { minimum, maximum }
}

const FULL: Schema = { minLength: 1 }
const NOT_EMPTY: Schema = { minItems: 1 }
const NOT_NEGATIVE: Schema = { minimum: 0 }
const COUNT = between(0, 2_147_483_647)
const LABEL = text(
  '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$',
  'must be a DNS label: at most 63 lower-case letters, digits and "-", with a letter or digit at both ends',
)
const OPTIONAL_LABEL = text(`^$|${LABEL.pattern as string}`, LABEL.patternErrorMessage as string)
const NAME_PART = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const NAME = text(
  `^${NAME_PART}([.]${NAME_PART})*$`,
  'must be a name of Kubernetes: lower-case letters, digits, "-" and ".", with a letter or digit at both ends',
  253,
)
const OPTIONAL_NAME = text(`^$|${NAME.pattern as string}`, NAME.patternErrorMessage as string, 253)
const QUALIFIED = text(
  `^(${NAME_PART}([.]${NAME_PART})*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$`,
  'must be a name with an optional DNS prefix, as in example.com/name: at most 63 letters, digits, "-", "_" and "."',
  317,
)
const OPTIONAL_QUALIFIED = text(`^$|${QUALIFIED.pattern as string}`, QUALIFIED.patternErrorMessage as string, 317)
const MANAGER = text(`^${NAME_PART}([.]${NAME_PART})*/[A-Za-z0-9/_.-]+$`, 'must be a name with a DNS prefix, as in example.com/controller', 63)
const LABEL_VALUE = text(
  '^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$',
  'must be a label value of Kubernetes: at most 63 letters, digits, "-", "_" and ".", with a letter or digit at both ends',
)
const KEY = text('^(?!\\.\\.)(?!\\.$)[-._a-zA-Z0-9]+$', 'must be a key of a Secret or ConfigMap: letters, digits, "-", "_" and "."', 253)
const INSIDE = text('^(?!/)(?!\\.\\.(?!/))(?!(.*/)?\\.\\.(/|$)).+$', 'must be a path inside the volume: relative, and without ".."')
const SUB_PATH = text('^(?!/)(?!(.*/)?\\.\\.(/|$))', 'must be a path inside the volume: relative, and without ".."')
const NO_BACKSTEPS = text('^(?!(.*/)?\\.\\.(/|$)).+$', 'must be a path without ".."')
const PORT = between(1, 65_535)
const PORT_NAME_PATTERN = '(?=.{1,15}$)(?=.*[a-z])(?!.*--)[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const PORT_WORDS = 'must be a port name: at most 15 lower-case letters, digits and single "-", with a letter among them'
const PORT_NAME = text(`^(?:${PORT_NAME_PATTERN})?$`, PORT_WORDS)
const PORT_OR_NAME: Schema = { ...PORT, ...text(`^${PORT_NAME_PATTERN}$`, PORT_WORDS) }
const FILE_MODE: Schema = { ...between(0, 0o777), form: 'mode' }
const USER = between(0, 2_147_483_647)
const WEIGHT = between(1, 100)
const BYTE = '(25[0-5]|2[0-4][0-9]|[01]?[0-9]?[0-9])'
const IP = text(`^((${BYTE}[.]){3}${BYTE}|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*)$`, 'must be an IP address')
const LABELS: Schema = { propertyNames: QUALIFIED, additionalProperties: { type: 'string', ...LABEL_VALUE } }

/** By type and field; `items` is what holds for each item of a list. */
export const FORMATS: Readonly<Record<string, Schema>> = {
  'CoreV1ResourceClaim.name': FULL,
  'V1AWSElasticBlockStoreVolumeSource.partition': between(0, 255),
  'V1AWSElasticBlockStoreVolumeSource.volumeID': FULL,
  'V1AzureDiskVolumeSource.diskName': FULL,
  'V1AzureDiskVolumeSource.diskURI': FULL,
  'V1AzureFileVolumeSource.secretName': FULL,
  'V1AzureFileVolumeSource.shareName': FULL,
  'V1AppArmorProfile.localhostProfile': FULL,
  'V1CSIVolumeSource.driver': text('^[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?$', 'must be the name of a driver, as in csi.example.com', 63),
  'V1CephFSVolumeSource.monitors': NOT_EMPTY,
  'V1ConfigMapEnvSource.name': NAME,
  'V1ConfigMapKeySelector.key': KEY,
  'V1ConfigMapKeySelector.name': NAME,
  'V1ConfigMapProjection.name': FULL,
  'V1ConfigMapVolumeSource.defaultMode': FILE_MODE,
  'V1ConfigMapVolumeSource.name': FULL,
  'V1Container.name': LABEL,
  'V1ContainerPort.containerPort': PORT,
  'V1ContainerPort.hostPort': between(0, 65_535),
  'V1ContainerPort.name': PORT_NAME,
  'V1DownwardAPIVolumeFile.mode': FILE_MODE,
  'V1DownwardAPIVolumeFile.path': INSIDE,
  'V1DownwardAPIVolumeSource.defaultMode': FILE_MODE,
  'V1EnvVar.name': text('^[ -<>-~]+$', 'must be the name of a variable: no "=", and only characters of ASCII'),
  'V1ExecAction.command': NOT_EMPTY,
  'V1FCVolumeSource.lun': between(0, 255),
  'V1FlexVolumeSource.driver': FULL,
  'V1GCEPersistentDiskVolumeSource.partition': between(0, 255),
  'V1GCEPersistentDiskVolumeSource.pdName': FULL,
  'V1GRPCAction.port': PORT,
  'V1GitRepoVolumeSource.directory': SUB_PATH,
  'V1GitRepoVolumeSource.repository': FULL,
  'V1HostAlias.hostnames': { items: NAME },
  'V1HostAlias.ip': IP,
  'V1HTTPGetAction.port': PORT_OR_NAME,
  'V1HTTPHeader.name': text('^[-A-Za-z0-9]+$', 'must be the name of a header: letters, digits and "-"'),
  'V1HostPathVolumeSource.path': NO_BACKSTEPS,
  'V1ISCSIVolumeSource.iqn': text('^(iqn|eui|naa)[.]', 'must begin with iqn., eui. or naa.'),
  'V1ISCSIVolumeSource.lun': between(0, 255),
  'V1ISCSIVolumeSource.targetPortal': FULL,
  'V1JobSpec.activeDeadlineSeconds': NOT_NEGATIVE,
  'V1JobSpec.backoffLimit': COUNT,
  'V1JobSpec.backoffLimitPerIndex': COUNT,
  'V1JobSpec.completions': COUNT,
  'V1JobSpec.managedBy': MANAGER,
  'V1JobSpec.maxFailedIndexes': COUNT,
  'V1JobSpec.parallelism': COUNT,
  'V1KeyToPath.key': FULL,
  'V1KeyToPath.mode': FILE_MODE,
  'V1KeyToPath.path': INSIDE,
  'V1LabelSelector.matchLabels': LABELS,
  'V1LabelSelectorRequirement.key': QUALIFIED,
  'V1LabelSelectorRequirement.values': { items: LABEL_VALUE },
  'V1NFSVolumeSource.path': text('^/', 'must be an absolute path'),
  'V1NFSVolumeSource.server': FULL,
  'V1NodeSelector.nodeSelectorTerms': NOT_EMPTY,
  'V1NodeSelectorRequirement.key': QUALIFIED,
  'V1ObjectFieldSelector.fieldPath': FULL,
  'V1ObjectMeta.annotations': {
    propertyNames: {
      ...QUALIFIED,
      pattern: (QUALIFIED.pattern as string).replaceAll('[a-z0-9]', '[A-Za-z0-9]').replaceAll('[-a-z0-9]', '[-A-Za-z0-9]'),
    },
  },
  'V1ObjectMeta.labels': LABELS,
  'V1PersistentVolumeClaimSpec.accessModes': { minItems: 1, items: { enum: ['ReadWriteOnce', 'ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOncePod'] } },
  'V1PersistentVolumeClaimSpec.storageClassName': OPTIONAL_NAME,
  'V1PersistentVolumeClaimVolumeSource.claimName': FULL,
  'V1PodAffinityTerm.matchLabelKeys': { items: QUALIFIED },
  'V1PodAffinityTerm.mismatchLabelKeys': { items: QUALIFIED },
  'V1PodAffinityTerm.namespaces': { items: LABEL },
  'V1PodAffinityTerm.topologyKey': QUALIFIED,
  'V1PodDNSConfig.nameservers': { maxItems: 3, items: IP },
  'V1PodDNSConfig.searches': {
    maxItems: 32,
    items: text('^([.]|[a-z0-9_]([-a-z0-9_]*[a-z0-9_])?([.][a-z0-9_]([-a-z0-9_]*[a-z0-9_])?)*[.]?)$', 'must be a domain in lower case', 254),
  },
  'V1PodDNSConfigOption.name': FULL,
  'V1PodFailurePolicy.rules': { maxItems: 20 },
  'V1PodFailurePolicyOnExitCodesRequirement.values': { minItems: 1, maxItems: 255 },
  'V1PodFailurePolicyOnPodConditionsPattern.type': QUALIFIED,
  'V1PodFailurePolicyRule.onPodConditions': { maxItems: 20 },
  'V1PodReadinessGate.conditionType': QUALIFIED,
  'V1PodResourceClaim.name': LABEL,
  'V1PodResourceClaim.resourceClaimName': NAME,
  'V1PodResourceClaim.resourceClaimTemplateName': NAME,
  'V1PodSchedulingGate.name': QUALIFIED,
  'V1PodSecurityContext.fsGroup': USER,
  'V1PodSecurityContext.runAsGroup': USER,
  'V1PodSecurityContext.runAsUser': USER,
  'V1PodSecurityContext.supplementalGroups': { items: USER },
  'V1PodSpec.activeDeadlineSeconds': between(1, 2_147_483_647),
  'V1PodSpec.hostname': OPTIONAL_LABEL,
  'V1PodSpec.nodeName': OPTIONAL_NAME,
  'V1PodSpec.nodeSelector': LABELS,
  'V1PodSpec.priorityClassName': OPTIONAL_NAME,
  'V1PodSpec.runtimeClassName': NAME,
  'V1PodSpec.serviceAccountName': OPTIONAL_NAME,
  'V1PodSpec.subdomain': OPTIONAL_LABEL,
  'V1PreferredSchedulingTerm.weight': WEIGHT,
  'V1Probe.failureThreshold': COUNT,
  'V1Probe.initialDelaySeconds': COUNT,
  'V1Probe.periodSeconds': COUNT,
  'V1Probe.successThreshold': COUNT,
  'V1Probe.terminationGracePeriodSeconds': { minimum: 1 },
  'V1Probe.timeoutSeconds': COUNT,
  'V1ProjectedVolumeSource.defaultMode': FILE_MODE,
  'V1RBDVolumeSource.image': FULL,
  'V1RBDVolumeSource.monitors': NOT_EMPTY,
  'V1ResourceFieldSelector.resource': FULL,
  'V1SeccompProfile.localhostProfile': SUB_PATH,
  'V1SecretEnvSource.name': NAME,
  'V1SecretKeySelector.key': KEY,
  'V1SecretKeySelector.name': NAME,
  'V1SecretProjection.name': FULL,
  'V1SecretVolumeSource.defaultMode': FILE_MODE,
  'V1SecretVolumeSource.secretName': FULL,
  'V1SecurityContext.runAsGroup': USER,
  'V1SecurityContext.runAsUser': USER,
  'V1ServiceAccountTokenProjection.expirationSeconds': between(600, 2 ** 32),
  'V1ServiceAccountTokenProjection.path': INSIDE,
  'V1SleepAction.seconds': NOT_NEGATIVE,
  'V1SuccessPolicy.rules': { minItems: 1, maxItems: 20 },
  'V1SuccessPolicyRule.succeededCount': COUNT,
  'V1Sysctl.name': text(
    '^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$',
    'must be the name of a sysctl, as in net.core.somaxconn',
    253,
  ),
  'V1TCPSocketAction.port': PORT_OR_NAME,
  'V1Toleration.key': OPTIONAL_QUALIFIED,
  'V1Toleration.value': LABEL_VALUE,
  'V1TopologySpreadConstraint.matchLabelKeys': { items: QUALIFIED },
  'V1TopologySpreadConstraint.maxSkew': between(1, 2_147_483_647),
  'V1TopologySpreadConstraint.minDomains': between(1, 2_147_483_647),
  'V1TopologySpreadConstraint.topologyKey': FULL,
  'V1Volume.name': LABEL,
  'V1VsphereVirtualDiskVolumeSource.volumePath': FULL,
  'V1VolumeDevice.devicePath': NO_BACKSTEPS,
  'V1VolumeDevice.name': FULL,
  'V1VolumeMount.mountPath': FULL,
  'V1VolumeMount.name': FULL,
  'V1VolumeMount.subPath': SUB_PATH,
  'V1VolumeMount.subPathExpr': SUB_PATH,
  'V1WeightedPodAffinityTerm.weight': WEIGHT,
}
