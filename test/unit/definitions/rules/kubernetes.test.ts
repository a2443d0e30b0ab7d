import { describe, expect, it } from 'vitest'
import { checkMarked, workflow } from '../check-marked.ts'

/** Fields of the only step of a workflow, each place that is wrong after a mark, and what is said there. */
interface Case {
  name: string
  step: string
  want: string[]
}

const CASES: Record<string, Case[]> = {
  'invalid-value': [
    {
      name: 'numbers out of their bounds',
      step: 'ports: [{containerPort: «0}, {containerPort: «65536}]\nsecurityContext: {runAsUser: «-1}\nlivenessProbe: {exec: {command: [a]}, timeoutSeconds: «-1}\njob: {parallelism: «-1, completions: «3000000000}\npod: {volumes: [{name: a, secret: {secretName: a, defaultMode: «700}}, {name: b, configMap: {name: a, defaultMode: «-1}}]}',
      want: [
        'must be from 1 to 65535, not 0',
        'must be from 1 to 65535, not 65536',
        'not -1',
        'from 0 to 2147483647, not -1',
        '"parallelism" must be from 0',
        'not 3000000000',
        'write 0700: without the 0 the number is not octal',
        'from 0 to 0777, not -1',
      ],
    },
    {
      name: 'names, keys and paths',
      step: 'envFrom: [{secretRef: {name: «Db}}]\nenv: [{name: A, valueFrom: {secretKeyRef: {name: db, key: «a/b}}}]\nvolumeMounts: [{name: a, mountPath: /a, subPath: «../b}]\nports: [{name: «http-and-more-than-that, containerPort: 80}]\npod:\n  serviceAccountName: «Robot\n  nodeSelector: {«-disk: ssd, zone: «a/b}\n  volumes: [{name: a, secret: {secretName: a, items: [{key: a, path: «/a}]}}, {name: «A_b}]',
      want: [
        'must be a name of Kubernetes',
        'must be a key of a Secret',
        'must be a path inside the volume',
        'must be a port name',
        '"serviceAccountName" must be a name',
        '"-disk" must be a name with an optional DNS prefix',
        'must be a label value',
        'must be a path inside',
        'must be a DNS label',
      ],
    },
    {
      name: 'lists that are empty or too long',
      step: 'readinessProbe: {exec: {command: «[]}}\npod: {dnsConfig: {nameservers: «[1.1.1.1, 1.1.1.2, 1.1.1.3, 1.1.1.4]}, hostAliases: [{ip: «localhost, hostnames: [«A]}]}',
      want: ['"command" must not be empty', 'at most 3 items', 'must be an IP address', 'must be a name of Kubernetes'],
    },
  ],
  'invalid-resources': [
    {
      name: 'a request above its limit, however they are written',
      step: 'resources: {requests: {cpu: «2100m, memory: «1025Mi}, limits: {cpu: 2, memory: 1Gi}}',
      want: ['the request of "cpu" is above its limit ("2100m" and 2)', 'the request of "memory" is above its limit ("1025Mi" and "1Gi")'],
    },
    {
      name: 'amounts below nothing',
      step: 'resources: {limits: {cpu: «-1, memory: «-64Mi}}',
      want: ['must not be negative: -1', 'must not be negative: "-64Mi"'],
    },
    {
      name: 'resources that nobody has',
      step: 'resources: {requests: {«memroy: 1Gi, «storage: 1Gi, kubernetes.io/x: 1}}',
      want: ['did you mean "memory"?', 'known are cpu, memory, ephemeral-storage'],
    },
    {
      name: 'devices, which are not shared',
      step: 'resources: {requests: {example.com/a: «1, «example.com/b: 1}, limits: {example.com/a: 2, example.com/c: «500m}}',
      want: ['must be equal, not 1 and 2', 'needs a limit of the same amount', 'comes in whole numbers only: "500m"'],
    },
    {
      name: 'huge pages by themselves, and in parts',
      step: 'resources: {limits: {«hugepages-2Mi: «3Mi}}',
      want: ['need "cpu" or "memory" beside them', 'comes in multiples of "2Mi"'],
    },
    {
      name: 'claims that the pod does not have',
      step: 'resources: {claims: [{name: «gpus}]}\npod: {resourceClaims: [{name: gpu, resourceClaimName: a}]}',
      want: ['did you mean "gpu"?'],
    },
  ],
  'exactly-one': [
    {
      name: 'variables from nowhere and from two places',
      step: 'env: [{name: A, valueFrom: «{}}, {name: C, value: d, «valueFrom: {fieldRef: {fieldPath: metadata.name}}}, {name: E, value: "", valueFrom: {fieldRef: {fieldPath: metadata.name}}}, {name: B, valueFrom: {secretKeyRef: {name: a, key: b}, «configMapKeyRef: {name: a, key: b}}}]\nenvFrom: [«{prefix: A_}, {secretRef: {name: a}, «configMapRef: {name: b}}]',
      want: [
        '"valueFrom" needs one of configMapKeyRef,',
        'has "value" and "valueFrom"',
        'has "secretKeyRef" and "configMapKeyRef"',
        'needs one of configMapRef, secretRef',
        'keep one of them',
      ],
    },
    {
      name: 'volumes of two kinds',
      step: 'pod:\n  volumes:\n    - {name: a, emptyDir: {}, «configMap: {name: b}}\n    - {name: c, projected: {sources: [{secret: {name: a}, «configMap: {name: b}}]}}\n    - {name: d, downwardAPI: {items: [«{path: a}]}}\n    - {name: e}',
      want: ['a volume has "emptyDir" and "configMap"', 'a projected source has "secret" and "configMap"', 'needs one of fieldRef, resourceFieldRef'],
    },
    {
      name: 'probes and hooks that do nothing, or two things',
      step: 'livenessProbe: «{periodSeconds: 1}\nlifecycle: {preStop: «{}, postStart: {exec: {command: [a]}, «sleep: {seconds: 1}}}',
      want: ['"livenessProbe" needs one of exec, httpGet, tcpSocket, grpc', '"preStop" needs one of', '"postStart" has "exec" and "sleep"'],
    },
    {
      name: 'rules of failure that look at nothing',
      step: 'job: {podFailurePolicy: {rules: [«{action: Ignore, onPodConditions: []}]}}',
      want: ['needs one of onExitCodes, onPodConditions'],
    },
  ],
  'duplicate-item': [
    {
      name: 'volumes and what is mounted where',
      step: 'volumeMounts: [{name: a, mountPath: /a}, {name: b, mountPath: «/a}]\nvolumeDevices: [{name: c, devicePath: «/a}]\npod: {volumes: [{name: a}, {name: b}, {name: «a}, {name: c, persistentVolumeClaim: {claimName: c}}]}',
      want: ['mounted at "/a" is there already', 'mounted at "/a"', 'a volume "a" is there already'],
    },
    {
      name: 'containers, the step itself among them',
      step: 'pod: {initContainers: [{name: one, image: x:1}, {name: «one, image: x:1}, {name: «step, image: x:1}]}',
      want: ['a container "one" is there already', 'a container "step" is there already'],
    },
    {
      name: 'ports',
      step: 'ports: [{name: a, containerPort: 1, hostPort: 80}, {name: «a, containerPort: 2, hostPort: «80}, {containerPort: 3, hostPort: 80, protocol: UDP}]',
      want: ['a port "a"', 'the port of the node "TCP 80"'],
    },
    {
      name: 'what a pod is placed and set up by',
      step: 'pod:\n  topologySpreadConstraints:\n    - {maxSkew: 1, topologyKey: zone, whenUnsatisfiable: ScheduleAnyway}\n    - «{maxSkew: 2, topologyKey: zone, whenUnsatisfiable: ScheduleAnyway}\n  securityContext: {sysctls: [{name: a.b, value: "1"}, {name: «a.b, value: "2"}]}\n  schedulingGates: [{name: x}, {name: «x}]',
      want: ['"zone and ScheduleAnyway" is there already', 'a sysctl "a.b"', 'a gate "x"'],
    },
  ],
  'invalid-job': [
    {
      name: 'an Indexed Job without its number of indexes',
      step: 'job: {«completionMode: Indexed, parallelism: 2}',
      want: ['an Indexed Job needs "completions"'],
    },
    {
      name: 'fields of Indexed Jobs in one that is not',
      step: 'job: {completions: 2, «backoffLimitPerIndex: 1, «maxFailedIndexes: 1, «successPolicy: {rules: [{succeededCount: 1}]}}',
      want: ['add completionMode: Indexed', 'add completionMode: Indexed', 'add completionMode: Indexed'],
    },
    {
      name: 'limits of Indexed Jobs',
      step: 'job: {completionMode: Indexed, completions: 3, «maxFailedIndexes: «4, parallelism: «100001}',
      want: ['needs "backoffLimitPerIndex"', 'must be at most 3 here', 'must be at most 100000 here'],
    },
    {
      name: 'more indexes than Kubernetes takes without further limits',
      step: 'job: {completionMode: Indexed, «completions: 100001, backoffLimitPerIndex: 1, parallelism: «10001}',
      want: ['need "maxFailedIndexes"', 'must be at most 10000 here'],
    },
    {
      name: 'a successPolicy that cannot be met',
      step: 'job:\n  completionMode: Indexed\n  completions: 5\n  successPolicy:\n    rules: [«{}, {succeededIndexes: «"0-5"}, {succeededIndexes: «"3,1"}, {succeededIndexes: «all}, {succeededIndexes: "0-2", succeededCount: «4}, {succeededCount: «6}]',
      want: ['needs "succeededIndexes"', 'goes beyond the last index, 4', 'ascending indexes', 'as in 1,3-5,7', 'at most 3', 'at most 5'],
    },
    {
      name: 'a podFailurePolicy beside what excludes it',
      step: 'pod: {restartPolicy: «OnFailure}\njob:\n  podReplacementPolicy: «TerminatingOrFailed\n  podFailurePolicy:\n    rules: [{action: «FailIndex, onExitCodes: {containerName: «main, operator: In, values: [«0, 3, «2, «2]}}]',
      want: [
        'needs restartPolicy: Never',
        'must be Failed',
        'needs "backoffLimitPerIndex"',
        'no container "main"; it has step',
        '0 is success',
        'ascending order',
        '2 is there already',
      ],
    },
  ],
  'invalid-pod': [
    {
      name: 'probes and hooks where there are none',
      step: 'livenessProbe: {exec: {command: [a]}, successThreshold: «2}\nreadinessProbe: {exec: {command: [a]}, «terminationGracePeriodSeconds: 1}\nlifecycle: {preStop: {sleep: {seconds: «31}}}\npod: {initContainers: [{name: a, image: x:1, «livenessProbe: {exec: {command: [a]}}}, {name: b, image: x:1, restartPolicy: Always, livenessProbe: {exec: {command: [a]}}}]}',
      want: [
        '"livenessProbe" must be 1',
        'a readinessProbe ends nothing',
        'longer than the pod has to end, 30 s',
        'has no "livenessProbe" unless it is a sidecar',
      ],
    },
    {
      name: 'mounts that contradict themselves',
      step: 'volumeMounts: [{name: a, mountPath: /a, subPath: x, «subPathExpr: y}, {name: a, mountPath: /b, mountPropagation: «Bidirectional, readOnly: false}, {name: a, mountPath: /d, recursiveReadOnly: «Enabled}]\nvolumeDevices: [{name: «b, devicePath: /c}]\npod: {volumes: [{name: a}, {name: b}]}',
      want: ['cannot stand beside "subPath"', 'is for privileged containers', '"recursiveReadOnly" needs "readOnly: true"', '"b" is no claim'],
    },
    {
      name: 'names and networks',
      step: 'ports: [{containerPort: 80, hostPort: «81}]\npod: {dnsPolicy: «None, hostNetwork: true, «hostnameOverride: a}',
      want: ['"hostPort" must be "containerPort"', 'needs at least one of "dnsConfig.nameservers"', 'cannot stand beside "hostNetwork"'],
    },
    {
      name: 'security contexts',
      step: 'securityContext: {privileged: true, «allowPrivilegeEscalation: false, procMount: «Unmasked, seccompProfile: {type: «Localhost}, appArmorProfile: {type: Unconfined, «localhostProfile: x}}\npod: {hostPID: true, «shareProcessNamespace: true}',
      want: [
        'cannot be false beside "privileged"',
        'needs "hostUsers: false"',
        'needs "localhostProfile"',
        'for "type: Localhost" alone',
        'cannot stand beside "hostPID"',
      ],
    },
    { name: 'users of the node', step: 'pod: {hostUsers: false, «hostIPC: true}', want: ['cannot stand beside "hostUsers: false"'] },
    {
      name: 'tolerations',
      step: 'pod: {tolerations: [«{value: a}, {key: a, operator: Exists, value: «b}, {key: a, «tolerationSeconds: 3}]}',
      want: ['without "key" needs "operator: Exists"', 'no place beside "operator: Exists"', 'needs "effect: NoExecute"'],
    },
    {
      name: 'what nodes and pods are chosen by',
      step: 'pod:\n  affinity:\n    nodeAffinity:\n      requiredDuringSchedulingIgnoredDuringExecution:\n        nodeSelectorTerms:\n          - matchExpressions: [«{key: a, operator: In}, {key: a, operator: Exists, values: «[b]}, {key: a, operator: Gt, values: «["1", "2"]}]\n          - matchFields: [{key: «metadata.nam, operator: In, values: [a]}]\n    podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: zone, «matchLabelKeys: [a]}]}\n  topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: ScheduleAnyway, «minDomains: 2}]',
      want: [
        'needs at least one of "values"',
        'have no place beside',
        'exactly one of "values"',
        '"metadata.name" alone',
        'need "labelSelector"',
        'whenUnsatisfiable: DoNotSchedule',
      ],
    },
    {
      name: 'what a container is told of its pod',
      step: 'env: [{name: A, valueFrom: {fieldRef: {fieldPath: «metadata.label}}}, {name: B, valueFrom: {resourceFieldRef: {resource: «limits.cpus}}}]\npod: {volumes: [{name: a, downwardAPI: {items: [{path: a, fieldRef: {fieldPath: «status.podIP}}]}}]}',
      want: ['there is no field of a pod "metadata.label"', 'did you mean "limits.cpu"?', 'there is no field of a pod "status.podIP"'],
    },
  ],
}

describe.each(Object.entries(CASES))('%s', (rule, cases) => {
  it.each(cases)('$name', async ({ step, want }) => {
    const { places, wantPlaces, rules, messages } = await checkMarked(
      workflow(`steps:\n  - name: a\n    image: x:1\n${lines(step, 4)}`),
      {},
      undefined,
      rule,
    )
    expect(places).toEqual(wantPlaces)
    expect(rules).toEqual([rule])
    expect(messages.map((message, index) => (message.includes(want[index] ?? '?') ? want[index] : message))).toEqual(want)
  })
})

function lines(text: string, indent: number): string {
  return text
    .split('\n')
    .map((line) => `${' '.repeat(indent)}${line}`)
    .join('\n')
}
