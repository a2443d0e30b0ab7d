import { describe, expect, it } from 'vitest'
import { checkJob } from '../../../../src/cluster/local/check-job.ts'
import { UnsupportedJobError } from '../../../../src/cluster/ports.ts'
import type { Container, JsonObject } from '../../../../src/definitions/container.ts'
import type { Job, JobSpec, PodSpec } from '../../../../src/runs/objects.ts'
import { aShellJob } from '../../../support/local-jobs.ts'

const withContainer = (container: Partial<Container>, pod: Partial<PodSpec> = {}): Job => aShellJob('true', { container, pod })
const withPod = (pod: Partial<PodSpec>): Job => aShellJob('true', { pod })
const withSpec = (spec: Partial<JobSpec>): Job => aShellJob('true', { spec })
const withRule = (rule: JsonObject): Job => withSpec({ podFailurePolicy: { rules: [rule] } })
const mounted = (mount: JsonObject, env: Container['env'] = [], volumes: JsonObject[] = [{ name: 'v', emptyDir: {} }]): Job =>
  withContainer({ env, volumeMounts: [{ name: 'v', mountPath: '/data', ...mount }] }, { volumes })
const named = [{ name: 'FUSEE_DATA', value: '/data' }]

describe('a Job that processes of this machine cannot be', () => {
  const container = 'spec.template.spec.containers[0]'
  const refused: [string, Job, string, RegExp][] = [
    ['Indexed', withSpec({ completionMode: 'Indexed' }), 'spec.completionMode', /kubernetes runner/],
    ['successPolicy', withSpec({ successPolicy: {} }), 'spec.successPolicy', /kubernetes runner/],
    ['backoffLimitPerIndex', withSpec({ backoffLimitPerIndex: 1 }), 'spec.backoffLimitPerIndex', /kubernetes runner/],
    ['another controller', withSpec({ managedBy: 'example.com/x' }), 'spec.managedBy', /kubernetes runner/],
    ['a work queue', withSpec({ parallelism: 2 }), 'spec.parallelism', /Set spec.completions/],
    ['a policy on other conditions', withRule({ action: 'Ignore', onPodConditions: [{ type: 'Ready' }] }), 'rules[0].onPodConditions', /onExitCodes/],
    [
      'a policy that fails on disruption',
      withRule({ action: 'FailJob', onPodConditions: [{ type: 'DisruptionTarget' }] }),
      'rules[0].onPodConditions',
      /onExitCodes/,
    ],
    ['FailIndex', withRule({ action: 'FailIndex', onExitCodes: { operator: 'In', values: [1] } }), 'rules[0].action', /FailJob/],
    ['no container', withPod({ containers: [] }), 'spec.template.spec.containers', /Add one/],
    ['two containers of one name', withPod({ initContainers: [{ name: 'step', command: ['true'] }] }), 'spec.template.spec', /Rename one/],
    ['an image’s own command', withContainer({ command: [] }), `${container}.command`, /Write a command/],
    [
      'a sidecar',
      withPod({ initContainers: [{ name: 'a', command: ['true'], restartPolicy: 'Always' }] }),
      'spec.template.spec.initContainers[0].restartPolicy',
      /kubernetes runner/,
    ],
    ['a Job that is suspended', withSpec({ suspend: true }), 'spec.suspend', /nobody could ever resume it/],
    ['a probe', withContainer({ livenessProbe: {} }), `${container}.livenessProbe`, /kubernetes runner/],
    ['a hook', withContainer({ lifecycle: {} }), `${container}.lifecycle`, /kubernetes runner/],
    ['a container’s name that is a path', withContainer({ name: '../x' }), `${container}.name`, /Use a-z/],
    ['a pod deadline', withPod({ activeDeadlineSeconds: 3 }), 'spec.template.spec.activeDeadlineSeconds', /kubernetes runner/],
    [
      'hostPath',
      withPod({ volumes: [{ name: 'v', hostPath: { path: '/' } }] }),
      'spec.template.spec.volumes[0].hostPath',
      /emptyDir, secret, configMap/,
    ],
    ['a claim', withPod({ volumes: [{ name: 'v', persistentVolumeClaim: {} }] }), 'volumes[0].persistentVolumeClaim', /emptyDir, secret, configMap/],
    ['a volume’s name that is a path', withPod({ volumes: [{ name: '..', emptyDir: {} }] }), 'volumes[0].name', /Use a-z/],
    ['an item outside', withPod({ volumes: [{ name: 'v', secret: { items: [{ key: 'a', path: '../../b' }] } }] }), 'items.path', /must not contain/],
    [
      'a resource as variable',
      withContainer({ env: [{ name: 'A', valueFrom: { resourceFieldRef: {} } }] }),
      `${container}.env[0].valueFrom.resourceFieldRef`,
      /secretKeyRef/,
    ],
    [
      'the pod’s address',
      withContainer({ env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }] }),
      'fieldRef.fieldPath',
      /labels/,
    ],
    ['a mount of nothing', mounted({ name: 'w' }, named), `${container}.volumeMounts[0].name`, /Add it to volumes/],
    ['a mount outside its volume', mounted({ subPath: 'a/../../b' }, named), 'volumeMounts[0].subPath', /must not contain/],
    ['an expanded subPath', mounted({ subPathExpr: '$(A)' }, named), 'volumeMounts[0].subPathExpr', /kubernetes runner/],
    ['a mount that the container takes for given', mounted({}), `${container}.volumeMounts[0].mountPath`, /FUSEE_DIR with the value \/data/],
    ['a mount named by another variable', mounted({}, [{ name: 'DATA', value: '/data' }]), 'volumeMounts[0].mountPath', /FUSEE_DIR/],
    ['a mount that only seems to be named', mounted({}, [{ name: 'FUSEE_X', value: '/database' }]), 'volumeMounts[0].mountPath', /FUSEE_DIR/],
  ]
  it.each(refused)('is refused: %s', (_what, job, wantField, wantAdvice) => {
    const check = (): void => {
      checkJob(job, () => false)
    }
    expect(check).toThrow(UnsupportedJobError)
    expect(check).toThrow(wantField)
    expect(check).toThrow(wantAdvice)
  })
})

describe('a Job that processes of this machine can be', () => {
  const accepted: [string, Job][] = [
    ['as plain as can be', aShellJob('true')],
    [
      'with what concerns placement, limits and images',
      withContainer(
        { image: 'x', resources: {}, securityContext: {}, imagePullPolicy: 'Always', ports: [] },
        { nodeSelector: {}, tolerations: [], serviceAccountName: 'x', affinity: {}, securityContext: {} },
      ),
    ],
    [
      'with several completions',
      withSpec({ completions: 3, parallelism: 2, completionMode: 'NonIndexed', suspend: false, ttlSecondsAfterFinished: 3 }),
    ],
    ['with a policy on exit codes', withRule({ action: 'FailJob', onExitCodes: { operator: 'NotIn', values: [1] } })],
    ['that ignores disruption', withRule({ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] })],
    ['with a mount that a variable names', mounted({ mountPath: '/data/' }, named)],
    ['with a mount that a variable leads into', mounted({}, [{ name: 'FUSEE_OUT', value: '/data/out' }])],
    ['with a volume of the shortest form', mounted({}, named, [{ name: 'v' }])],
    [
      'with secrets',
      withContainer({ env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'a', key: 'b' } } }], envFrom: [{ secretRef: { name: 'a' } }] }),
    ],
    ['with fields of its own', withContainer({ env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: "metadata.labels['fusee.dev/run']" } } }] })],
  ]
  it.each([
    ['Job', 'maxFailedIndexes', withSpec({ maxFailedIndexes: 1 })],
    ['pod', 'hostAliases', withPod({ hostAliases: [] })],
    ...['startupProbe', 'volumeDevices', 'restartPolicyRules'].map((field) => ['container', field, withContainer({ [field]: {} })] as const),
  ] as const)('no %s with %s, which is named', (_of, field, job) => {
    expect(() => {
      checkJob(job, () => true)
    }).toThrow(`.${field}: the local runner does not have it`)
  })

  it('with a mount that no variable names, where bubblewrap is', () => {
    checkJob(mounted({}), () => true)
  })

  it.each(accepted)('%s', (_what, job) => {
    checkJob(job, () => false)
  })
})
