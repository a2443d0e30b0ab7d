import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../../../src/definitions/container.ts'
import { judgeAsk } from '../../../../src/definitions/policy/judge-ask.ts'
import { formatPath } from '../../../../src/definitions/policy/place.ts'
import { podAsks } from '../../../../src/definitions/policy/pod-asks.ts'
import { ASSUMED_POLICY, statePolicy, type Policy } from '../../../../src/definitions/policy/policy.ts'
import { checkMarked, load, workflow } from '../check-marked.ts'

const OWN = { serviceAccounts: ['fusee'], secrets: ['git-credentials'] }

describe('the ways in which a pod can use a Secret', () => {
  const container = (fields: JsonObject): JsonObject => ({ containers: [{ name: 'step', image: 'a', ...fields }] })
  const variable = (name: string): JsonObject => ({ name: 'PASSWORD', valueFrom: { secretKeyRef: { name, key: 'password' } } })
  const ways: { way: string; pod: (name: string) => JsonObject; wantPath: string }[] = [
    { way: 'a variable', pod: (name) => container({ env: [variable(name)] }), wantPath: 'containers[0].env[0].valueFrom.secretKeyRef.name' },
    { way: 'all variables', pod: (name) => container({ envFrom: [{ secretRef: { name } }] }), wantPath: 'containers[0].envFrom[0].secretRef.name' },
    {
      way: 'a variable of an init container',
      pod: (name) => ({ initContainers: [{ env: [variable(name)] }] }),
      wantPath: 'initContainers[0].env[0].valueFrom.secretKeyRef.name',
    },
    { way: 'a volume', pod: (name) => ({ volumes: [{ name: 'some', secret: { secretName: name } }] }), wantPath: 'volumes[0].secret.secretName' },
    {
      way: 'a projected volume',
      pod: (name) => ({ volumes: [{ name: 'some', projected: { sources: [{ configMap: { name: 'a' } }, { secret: { name } }] } }] }),
      wantPath: 'volumes[0].projected.sources[1].secret.name',
    },
    { way: 'pulling images', pod: (name) => ({ imagePullSecrets: [{ name }] }), wantPath: 'imagePullSecrets[0].name' },
    { way: 'an azureFile volume', pod: (name) => ({ volumes: [{ azureFile: { secretName: name } }] }), wantPath: 'volumes[0].azureFile.secretName' },
    {
      way: 'a csi volume',
      pod: (name) => ({ volumes: [{ csi: { nodePublishSecretRef: { name } } }] }),
      wantPath: 'volumes[0].csi.nodePublishSecretRef.name',
    },
    ...['cephfs', 'cinder', 'flexVolume', 'iscsi', 'rbd', 'scaleIO', 'storageos'].map((kind) => ({
      way: `a ${kind} volume`,
      pod: (name: string): JsonObject => ({ volumes: [{ [kind]: { secretRef: { name } } }] }),
      wantPath: `volumes[0].${kind}.secretRef.name`,
    })),
  ]

  it.each(ways)('$way', ({ pod, wantPath }) => {
    const refusals = (policy: Policy, name: string) =>
      podAsks(pod(name)).flatMap((ask) => (ask.kind === 'Secret' && judgeAsk(policy, ask) !== null ? [formatPath(ask.path)] : []))
    expect(refusals(statePolicy({}, 'data', OWN), 'report-db')).toEqual([wantPath])
    expect(refusals(statePolicy({ secrets: ['report-db'] }, 'data', OWN), 'report-db')).toEqual([])
    expect(refusals(statePolicy({ secrets: ['git-credentials'] }, 'data', OWN), 'git-credentials')).toEqual([wantPath])
  })
})

describe('images', () => {
  it('are those of all containers, and of volumes that are images', () => {
    const volumes = [{ name: 'tools', image: { reference: 'evil/tools:1' } }]
    const asks = podAsks({ initContainers: [{ image: 'a' }], containers: [{ image: 'b' }], volumes })
    expect(asks.flatMap((ask) => (ask.kind === 'Image' ? [`${formatPath(ask.path)} ${ask.name}`] : []))).toEqual([
      'initContainers[0].image a',
      'containers[0].image b',
      'volumes[0].image.reference evil/tools:1',
    ])
  })

  it.each([
    {
      globs: ['busybox:*'],
      wantYes: ['busybox:1.36', 'busybox', 'busybox:1.36@sha256:0a'],
      wantNo: ['evil/busybox:1.36', 'busybox:5000/evil', 'busyboxx:1'],
    },
    {
      globs: ['registry.example.com/**'],
      wantYes: ['registry.example.com/a', 'registry.example.com/a/b:1'],
      wantNo: ['registry.example.com.evil.org/a', 'busybox'],
    },
    { globs: ['registry.example.com/team/*'], wantYes: ['registry.example.com/team/a:1'], wantNo: ['registry.example.com/team/a/b'] },
    { globs: ['node:24'], wantYes: ['node:24'], wantNo: ['node', 'node:24-slim'] },
    { globs: [], wantYes: [], wantNo: ['busybox'] },
  ])('$globs', ({ globs, wantYes, wantNo }) => {
    const policy = statePolicy({ images: globs }, 'data', OWN)
    const allowed = [...wantYes, ...wantNo].filter((name) => judgeAsk(policy, { kind: 'Image', name, path: [] }) === null)
    expect(allowed).toEqual(wantYes)
  })
})

describe('a definition that the policy refuses', () => {
  const stated = statePolicy({ serviceAccounts: ['reports'], secrets: ['report-db'], images: ['busybox:*'] }, 'data', OWN)
  const cases: { title: string; text: string; wantRule: string; wantMessages: string[]; policy?: Policy }[] = [
    {
      title: 'beyond the pod security level',
      wantRule: 'policy-pod-security',
      text: workflow(`
chain: true
defaults:
  image: busybox:1
  pod: {serviceAccountName: reports, hostNetwork: «true}
steps:
  - name: a
    script: x
    securityContext:
      privileged: «true
    pod: {hostNetwork: false}
  - {name: b, script: x}
`),
      wantMessages: [
        '"hostNetwork" must not be true, for the Repository\'s spec.policy.podSecurity is baseline',
        '"containers[0].securityContext.privileged"',
      ],
    },
    {
      title: 'Secrets that are not listed, and those of Fusee itself',
      wantRule: 'policy-secret',
      text: workflow(`
defaults:
  image: busybox:1
  pod: {serviceAccountName: reports}
  env: [{name: A, valueFrom: {secretKeyRef: {name: «other, key: a}}}, {name: B, valueFrom: {secretKeyRef: {name: hidden, key: a}}}]
steps:
  - name: a
    script: x
    env: [{name: B, value: b}]
    envFrom:
      - secretRef: {name: «git-credentials}
      - secretRef: {name: report-db}
`),
      wantMessages: [
        '"other" is refused: the Repository\'s spec.policy.secrets does not list it',
        '"git-credentials" is refused whatever the policy says',
      ],
    },
    {
      title: 'a service account, and none at all',
      wantRule: 'policy-service-account',
      text: workflow(`
chain: true
steps:
  - {name: a, image: "busybox:1", script: x, pod: {serviceAccountName: «fusee}}
  - {name: «b, image: "busybox:1", script: x}
  - {name: c, image: "busybox:1", script: x, pod: {serviceAccountName: reports}}
`),
      wantMessages: ['"fusee" is refused whatever', 'set serviceAccountName'],
    },
    {
      title: 'an image',
      wantRule: 'policy-image',
      text: workflow(`steps: [{name: a, image: «alpine:3, script: x, pod: {serviceAccountName: reports}}]`),
      wantMessages: ["no glob of the Repository's spec.policy.images matches"],
    },
    {
      title: 'a finally step',
      wantRule: 'policy-image',
      text: workflow(`
defaults: {pod: {serviceAccountName: reports}}
steps: [{name: a, image: "busybox:1", script: x}]
finally: [{name: z, image: «alpine:3, script: x}]
`),
      wantMessages: ['alpine:3'],
    },
  ]

  it.each(cases)('$title', async ({ text, wantRule, wantMessages }) => {
    const { places, wantPlaces, rules, messages, definitions } = await checkMarked(text, {}, stated)
    expect(places).toEqual(wantPlaces)
    expect(rules).toEqual([wantRule])
    for (const [index, wantMessage] of wantMessages.entries()) expect(messages[index]).toContain(wantMessage)
    expect(definitions.workflows).toEqual([])
    expect(definitions.invalidWorkflows).toEqual(['a'])
    // Without a policy nobody is refused anything.
    expect((await load({ 'workflows/a.yaml': text.replaceAll('«', '') })).diagnostics).toEqual([])
  })

  it('is found in a manifest, in the manifest', async () => {
    const manifest = `apiVersion: batch/v1
kind: Job
metadata: {name: publish, namespace: other}
spec:
  template:
    metadata:
      annotations: {container.apparmor.security.beta.kubernetes.io/main: unconfined}
    spec:
      serviceAccount: admin
      imagePullSecrets: [{name: git-credentials}]
      containers:
        - {name: main, image: alpine, ports: [{containerPort: 80, hostPort: 80}]}
`
    const text = workflow('steps: [{name: a, manifest: jobs/a.yaml, env: [{name: P, valueFrom: {secretKeyRef: {name: other, key: k}}}]}]')
    const { diagnostics, workflows } = await load({ 'workflows/a.yaml': text, 'jobs/a.yaml': manifest }, stated)
    expect(diagnostics.map(({ file, line, column, rule }) => `${file}:${line}:${column} ${rule}`)).toEqual([
      'jobs/a.yaml:3:38 policy-namespace',
      'jobs/a.yaml:7:74 policy-pod-security',
      'jobs/a.yaml:9:23 policy-service-account',
      'jobs/a.yaml:10:33 policy-secret',
      'jobs/a.yaml:12:31 policy-image',
      'jobs/a.yaml:12:77 policy-pod-security',
      'workflows/a.yaml:6:93 policy-secret',
    ])
    expect(workflows).toEqual([])
  })

  it('may name a namespace that the policy lists', async () => {
    const manifest = `apiVersion: batch/v1
kind: Job
metadata: {name: publish, namespace: reports}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: main, image: alpine}]}}}
`
    const files = { 'workflows/a.yaml': workflow('steps: [{name: a, manifest: jobs/a.yaml}]'), 'jobs/a.yaml': manifest }
    const found = async (namespaces: string[]) => (await load(files, statePolicy({ namespaces }, 'data', OWN))).diagnostics.map(({ rule }) => rule)
    expect(await found(['reports'])).not.toContain('policy-namespace')
    expect(await found([])).toContain('policy-namespace')
  })

  it('only draws warnings for names while no Repository document says which are allowed', async () => {
    const text = workflow(`
steps:
  - {name: a, image: a, script: x, pod: {serviceAccountName: reports, hostPID: true}, envFrom: [{secretRef: {name: report-db}}]}
`)
    const { diagnostics } = await load({ 'workflows/a.yaml': text }, ASSUMED_POLICY)
    expect(diagnostics.map(({ severity, rule }) => `${severity} ${rule}`)).toEqual([
      'warning policy-service-account',
      'error policy-pod-security',
      'warning policy-secret',
    ])
    expect(diagnostics[2]?.message).toBe(
      'the Secret "report-db" is refused: it runs only where the Repository\'s spec.policy.secrets lists report-db',
    )
  })
})

describe('what a policy is asked about', () => {
  const policy = statePolicy({ images: ['busybox:*'] }, 'data', OWN)
  const template =
    'apiVersion: fusee.dev/v1alpha1\nkind: StepTemplate\nmetadata: {name: t}\nspec: {step: {image: "busybox:1", securityContext: {privileged: true}}}\n'

  it('takes in undos, which run with fields of their own', async () => {
    const { places, wantPlaces, rules } = await checkMarked(
      workflow('steps: [{name: a, image: "busybox:1", undo: {image: «"evil:1", envFrom: [{secretRef: {name: «db}}]}}]'),
      {},
      policy,
    )
    expect(places).toEqual(wantPlaces)
    expect(rules).toEqual(['policy-image', 'policy-secret'])
  })

  it('takes in templates: what is refused is told there, and where it is used', async () => {
    const { diagnostics, invalidWorkflows } = await load(
      { 'workflows/a.yaml': workflow('steps: [{name: a, use: t}]'), 'workflows/t.yaml': template },
      policy,
    )
    expect(diagnostics.map(({ file, rule, severity }) => `${file} ${rule} ${severity}`)).toEqual([
      'workflows/a.yaml invalid-template error',
      'workflows/t.yaml policy-pod-security error',
    ])
    expect(invalidWorkflows).toEqual(['a'])
  })
})
