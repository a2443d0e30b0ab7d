import { describe, expect, it } from 'vitest'
import type { Job } from '../../../src/runs/objects.ts'
import { paramVariable } from '../../../src/definitions/param-variable.ts'
import { isOwnJob, renderJob } from '../../../src/runs/render-job.ts'
import { aDefinition, aJoin, aRun, aStep } from '../../support/builders.ts'

const variables = (job: Job): Record<string, string | undefined> =>
  Object.fromEntries((job.spec.template.spec.containers[0]?.env ?? []).map(({ name, value }) => [name, value]))

describe('the Job of a step', () => {
  const definition = aDefinition([aStep('load')], { labels: { team: 'data' } })
  const run = aRun(definition, { status: { params: { site: 'www.example.org', tries: 3, 'dry-run': true, tags: ['a'], none: null } } })

  it('carries its owner, our finalizer and the labels of its run, on the pod too', () => {
    const job = renderJob(run, aStep('load'))
    expect(job.metadata.ownerReferences).toEqual([
      { apiVersion: 'fusee.dev/v1alpha1', kind: 'Run', name: run.metadata.name, uid: run.metadata.uid, controller: true, blockOwnerDeletion: true },
    ])
    expect(job.metadata.finalizers).toEqual(['fusee.dev/record'])
    expect(job.metadata.labels).toEqual({
      team: 'data',
      'app.kubernetes.io/managed-by': 'fusee',
      'fusee.dev/repository': 'sample',
      'fusee.dev/workflow': 'nightly',
      'fusee.dev/run': run.metadata.name,
      'fusee.dev/step': 'load',
    })
    expect(job.spec.template.metadata?.labels).toEqual(job.metadata.labels)
  })

  it('shows every container its run and its params, texts as they are and the rest as compact JSON', () => {
    expect(variables(renderJob(run, aStep('load')))).toEqual({
      FUSEE_RUN: run.metadata.name,
      FUSEE_WORKFLOW: 'nightly',
      FUSEE_COMMIT: 'a'.repeat(40),
      FUSEE_PARAMS: '{"site":"www.example.org","tries":3,"dry-run":true,"tags":["a"],"none":null}',
      FUSEE_PARAM_SITE: 'www.example.org',
      FUSEE_PARAM_TRIES: '3',
      FUSEE_PARAM_DRY_RUN: 'true',
      FUSEE_PARAM_TAGS: '["a"]',
      FUSEE_PARAM_NONE: '',
    })
  })

  it('does not let Kubernetes expand what a person gave', () => {
    const given = aRun(definition, { status: { params: { text: '$(HOME) $$(X)' } } })
    expect(variables(renderJob(given, aStep('load')))['FUSEE_PARAM_TEXT']).toBe('$$(HOME) $$$$(X)')
  })

  it('lets the step override a variable', () => {
    const step = aStep('load', { work: { kind: 'Container', container: { env: [{ name: 'FUSEE_RUN', value: 'mine' }] }, pod: {}, job: {} } })
    expect(variables(renderJob(run, step))['FUSEE_RUN']).toBe('mine')
  })

  it('shows init containers of the step the same, whose own variables win', () => {
    const initContainers = [{ name: 'plain' }, { name: 'own', env: [{ name: 'FUSEE_RUN', value: 'mine' }] }]
    const job = renderJob(run, aStep('load', { work: { kind: 'Container', container: {}, pod: { initContainers }, job: {} } }))
    const [plain, own] = (job.spec.template.spec.initContainers ?? []).map(({ env = [] }) => new Map(env.map(({ name, value }) => [name, value])))
    expect(Object.fromEntries(plain ?? [])).toEqual(variables(job))
    expect(own?.get('FUSEE_RUN')).toBe('mine')
    expect(own?.get('FUSEE_PARAM_SITE')).toBe('www.example.org')
  })

  it('retries in new pods and has a deadline a minute behind the time-out', () => {
    const job = renderJob(run, aStep('load', { retries: 2, timeoutSeconds: 300 }))
    expect(job.spec).toMatchObject({ backoffLimit: 2, activeDeadlineSeconds: 360, template: { spec: { restartPolicy: 'Never' } } })
    expect(renderJob(run, aStep('load', { timeoutSeconds: null })).spec.activeDeadlineSeconds).toBeUndefined()
  })

  it('keeps an earlier deadline of its own', () => {
    const step = aStep('load', { work: { kind: 'Container', container: {}, pod: {}, job: { activeDeadlineSeconds: 30 } }, timeoutSeconds: 300 })
    expect(renderJob(run, step).spec.activeDeadlineSeconds).toBe(30)
  })

  it('brings the source where the step wants it', () => {
    const job = renderJob(run, aStep('load', { source: true }))
    expect(job.spec.template.metadata?.annotations).toEqual({ 'fusee.dev/source': 'true' })
    expect(variables(job)['FUSEE_SOURCE']).toBe('/fusee/source')
    expect(job.spec.template.spec).toMatchObject({
      volumes: [{ name: 'source', emptyDir: {} }],
      containers: [{ workingDir: '/fusee/source', volumeMounts: [{ name: 'source', mountPath: '/fusee/source' }] }],
    })
  })

  it('has a name of at most 63 characters that tells long steps apart', () => {
    const long = aRun(definition, { name: `${'w'.repeat(40)}-2345678923` })
    const names = ['a', 'b'].map((end) => renderJob(long, aStep(`${'s'.repeat(60)}${end}`)).metadata.name)
    expect(names[0]).not.toBe(names[1])
    for (const name of names) expect(name).toMatch(/^[a-z0-9-]{1,63}$/)
  })

  it('has labels that Kubernetes takes, also for an expansion of a step with a long name', () => {
    const label = renderJob(run, aStep(`${'a'.repeat(63)}/12`)).metadata.labels?.['fusee.dev/step']
    expect(label?.length).toBe(63)
  })

  it('is not there for a join', () => {
    expect(() => renderJob(run, aJoin('all', []))).toThrow('it has no Job')
  })

  it('is ours only when this very run controls it', () => {
    const job = renderJob(run, aStep('load'))
    expect(isOwnJob(run, job)).toBe(true)
    expect(isOwnJob({ ...run, metadata: { ...run.metadata, uid: 'another life' } }, job)).toBe(false)
  })
})

describe('the Job of a manifest', () => {
  const manifest = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'publish', labels: { app: 'site' } },
    spec: {
      backoffLimit: 4,
      activeDeadlineSeconds: 60,
      template: {
        metadata: { labels: { app: 'site' } },
        spec: {
          restartPolicy: 'OnFailure',
          unknownToUs: { kept: true },
          initContainers: [{ name: 'first', image: 'busybox', command: ['true'] }],
          containers: [{ name: 'main', image: 'busybox', command: ['true'], env: [{ name: 'A', value: '1' }] }],
        },
      },
    },
  }
  const run = aRun(aDefinition([]), { status: { params: {} } })
  const step = (over = {}) =>
    aStep('publish', { retries: null, work: { kind: 'Manifest', path: 'jobs/publish.yaml', manifest, env: [{ name: 'A', value: '2' }] }, ...over })

  it('keeps every field that it has, and gets a name, an owner and variables of ours', () => {
    const job = renderJob(run, step())
    expect(job.metadata.name).not.toBe('publish')
    expect(job.spec).toMatchObject({ backoffLimit: 4, activeDeadlineSeconds: 60 })
    expect(job.spec.template.spec).toMatchObject({ restartPolicy: 'OnFailure', unknownToUs: { kept: true } })
    expect(job.spec.template.metadata?.labels).toMatchObject({ app: 'site', 'fusee.dev/step': 'publish' })
    expect(job.spec.template.spec.initContainers?.[0]?.env).toContainEqual({ name: 'FUSEE_WORKFLOW', value: 'nightly' })
    expect(variables(job)).toMatchObject({ A: '2', FUSEE_WORKFLOW: 'nightly' })
  })

  it('is overridden by the retries of the step', () => {
    expect(renderJob(run, step({ retries: 1 })).spec.backoffLimit).toBe(1)
  })

  it('keeps labels and annotations of its own, such as those of a queue, but none that are ours to say', () => {
    const metadata = {
      labels: { 'kueue.x-k8s.io/queue-name': 'nightly', 'fusee.dev/run': 'other' },
      annotations: { note: 'kept', 'fusee.dev/run-namespace': 'other' },
    }
    const job = renderJob(run, step({ work: { kind: 'Manifest', path: 'a.yaml', manifest: { ...manifest, metadata }, env: [] } }))
    expect(job.metadata.labels).toMatchObject({ 'kueue.x-k8s.io/queue-name': 'nightly', 'fusee.dev/run': run.metadata.name })
    expect(job.metadata.annotations).toEqual({ note: 'kept', 'fusee.dev/commit': run.spec.commit })
  })

  it('says where it is to be made when its manifest names another namespace than its run has', () => {
    const placed = (namespace: string) =>
      renderJob(run, step({ work: { kind: 'Manifest', path: 'a.yaml', manifest: { ...manifest, metadata: { namespace } }, env: [] } })).metadata
    expect(placed('reports')).toMatchObject({ namespace: run.metadata.namespace, annotations: { 'fusee.dev/namespace': 'reports' } })
    expect(placed(run.metadata.namespace).annotations).not.toHaveProperty('fusee.dev/namespace')
  })

  it('is left as it was', () => {
    const before = structuredClone(manifest)
    renderJob(run, step())
    expect(manifest).toEqual(before)
  })
})

describe('the variable of a param', () => {
  it.each([
    ['site', 'FUSEE_PARAM_SITE'],
    ['dry-run', 'FUSEE_PARAM_DRY_RUN'],
    ['camelCase', 'FUSEE_PARAM_CAMELCASE'],
  ])('%s is %s', (name, want) => {
    expect(paramVariable(name)).toBe(want)
  })
})
