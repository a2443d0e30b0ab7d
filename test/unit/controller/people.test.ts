import { startOnRequest } from '../../../src/controller/start-on-request.ts'
import { rerun } from '../../../src/controller/rerun.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PodScripts } from '../../../src/cluster/simulated/pod-script.ts'
import { LABELS } from '../../../src/runs/objects.ts'
import type { Run, StoredRun, Trigger } from '../../../src/runs/run.ts'
import { serveWorld } from '../../support/api-server.ts'
import { runCli } from '../../support/run-cli.ts'
import type { VirtualWorld, WorldOptions } from '../../support/virtual-world.ts'
import { createVirtualWorld } from '../../support/virtual-world.ts'

const workflow = (name: string, spec: string): Record<string, string> => ({
  [`workflows/${name}.yaml`]: `apiVersion: fusee.dev/v1alpha1\nkind: Workflow\nmetadata: {name: ${name}}\nspec:\n${spec}`,
})

const FILES = {
  ...workflow(
    'long',
    `  params: {site: {default: one}}
  steps:
    - {name: wait, image: busybox, script: 'true'}
    - {name: other, image: busybox, script: 'true', dependsOn: [wait]}
  finally: [{name: last, image: busybox, script: 'true'}]
`,
  ),
  ...workflow(
    'chain',
    `  params: {site: {default: one}}
  retention: {succeeded: 0, failed: 0}
  steps:
    - {name: load, image: busybox, script: 'true', results: {size: integer}}
    - {name: measure, image: busybox, script: 'true', dependsOn: [load], retries: 1}
`,
  ),
}

/** `wait` takes ten minutes; `load` leaves a result; `measure` fails. */
const scripts: PodScripts = (job, attempt) => {
  const step = job.metadata.labels?.[LABELS.step]
  const message = step === 'load' ? 'size=7\n' : ''
  const [runMs, exitCode, log] = [step === 'wait' ? 600_000 : 1000, step === 'measure' ? 3 : 0, `try ${attempt + 1}\n`]
  return { startMs: 0, runMs, exitCode, log, message, termMs: 0, lostAfterMs: null }
}

const byHand = (spec: Partial<Run['spec']> = {}, labels: Record<string, string> = {}): Run => ({
  apiVersion: 'fusee.dev/v1alpha1',
  kind: 'Run',
  metadata: { name: 'by-hand', namespace: 'default', labels },
  spec: {
    repository: 'jobs',
    workflow: 'long',
    commit: '',
    trigger: { kind: 'Api', key: 'by-hand', by: 'kubectl' },
    params: { site: 'two' },
    rerunOf: null,
    ...spec,
  },
})

async function open(options: Partial<WorldOptions> = {}): Promise<VirtualWorld> {
  const world = await createVirtualWorld({ files: FILES, scripts, ...options })
  await world.cluster.runs.createRun(byHand({}, { team: 'data' }))
  await world.pass(5000)
  return world
}

async function find({ cluster }: VirtualWorld, name = 'by-hand'): Promise<StoredRun> {
  const run = await cluster.runs.getRun({ namespace: 'default', name })
  if (run === null) throw new Error(`there is no run ${name}`)
  return run
}

/** Jobs of the run, with the labels that are not ours. */
async function labelsOf({ cluster }: VirtualWorld): Promise<Record<string, string>[]> {
  const jobs = await cluster.jobs.observeJobs({ namespace: 'default', name: 'by-hand' })
  return jobs.map(({ job }) => Object.fromEntries(Object.entries(job.metadata.labels ?? {}).filter(([name]) => !name.includes('/'))))
}

describe('a Run that somebody has made with kubectl', () => {
  it('runs at the newest valid commit, and is recorded', async () => {
    const world = await open()
    expect(await find(world)).toMatchObject({ spec: { commit: world.git.tip('main') }, status: { phase: 'Running', params: { site: 'two' } } })
    await world.pass(700_000)
    expect((await find(world)).status).toMatchObject({ result: 'Succeeded' })
    expect([...(await world.git.readFiles()).keys()].filter((path) => path.endsWith('/by-hand.json'))).toHaveLength(1)
  })

  it.each([
    { what: 'an unknown workflow', spec: { workflow: 'nothing' }, wantReason: 'DefinitionInvalid' },
    { what: 'params of another type', spec: { params: { site: 3 } }, wantReason: 'InvalidParams' },
  ])('fails for $what, and says so', async ({ spec, wantReason }) => {
    const world = await createVirtualWorld({ files: FILES, scripts })
    await world.cluster.runs.createRun(byHand(spec))
    await world.pass(5000)
    expect((await find(world)).status).toMatchObject({ phase: 'Finished', result: 'Failed', reason: wantReason })
  })
})

describe('a Run that is deleted while it runs', () => {
  it('ends Cancelled with its finally steps, is recorded, and goes with its Jobs', async () => {
    const world = await open()
    await world.cluster.runs.deleteRun(await find(world))
    await world.pass(60_000)
    expect(await world.runs()).toEqual([])
    expect(await world.cluster.jobs.listJobs()).toEqual([])
    const [, text = '{}'] = [...(await world.git.readFiles())].find(([path]) => path.endsWith('/by-hand.json')) ?? []
    expect(JSON.parse(text)).toMatchObject({
      result: 'Cancelled',
      reason: 'RunDeleted',
      steps: [
        { name: 'wait', result: 'Cancelled' },
        { name: 'other', result: 'Skipped' },
        { name: 'last', result: 'Succeeded' },
      ],
    })
  })
})

describe('labels that are put on a Run while it runs', () => {
  it.each([
    { moment: null, life: 'undisturbed' },
    { moment: 'before', life: 'killed before it does so' },
    { moment: 'after', life: 'killed after it has done so' },
  ])('reach the Jobs that it has and those that come, the controller $life', async ({ moment: wanted }) => {
    let deaths = 0
    const world = await open({ dies: (point, moment) => point === 'job-relabelled' && moment === wanted && deaths++ === 0 })
    expect(await labelsOf(world)).toEqual([{ team: 'data' }])
    const run = await find(world)
    await world.cluster.runs.updateRun({ ...run, metadata: { ...run.metadata, labels: { ...run.metadata.labels, team: 'web', cost: '12' } } })
    await world.pass(5000)
    expect(deaths > 0).toBe(wanted !== null)
    expect(await labelsOf(world)).toEqual([{ team: 'web', cost: '12' }])
    await world.pass(700_000)
    expect((await find(world)).status).toMatchObject({ result: 'Succeeded' })
    expect(await labelsOf(world)).toEqual(Array(3).fill({ team: 'web', cost: '12' }))
  })

  it('stay on the Jobs when they are taken off the Run, and never take ours away', async () => {
    const world = await open()
    const run = await find(world)
    await world.cluster.runs.updateRun({ ...run, metadata: { ...run.metadata, labels: { [LABELS.run]: 'another', [LABELS.managedBy]: 'me' } } })
    await world.pass(5000)
    const [seen] = await world.cluster.jobs.observeJobs(run.metadata)
    expect(seen?.job.metadata.labels).toMatchObject({ team: 'data', [LABELS.run]: 'by-hand', [LABELS.managedBy]: 'fusee' })
  })
})

describe('a run that has been swept', () => {
  let world: VirtualWorld
  let server: Awaited<ReturnType<typeof serveWorld>>

  beforeAll(async () => {
    world = await createVirtualWorld({ files: FILES, scripts })
    server = await serveWorld(world)
    await world.cluster.runs.createRun(byHand({ workflow: 'chain' }))
    await world.pass(60_000)
  })
  afterAll(() => server.close())

  const rerun = async (...words: string[]) => {
    const answer = await runCli(['rerun', 'by-hand', ...words, '--url', server.url])
    await world.pass(2500)
    return answer
  }

  it('is run again from its record: what succeeded is taken over with its results', async () => {
    expect(await world.runs()).toEqual([])
    const { stdout } = await rerun('--failed', '--key', 'k')
    const again = /^run (\S+) created\n$/.exec(stdout)?.[1] ?? stdout
    expect(await find(world, again)).toMatchObject({
      metadata: { annotations: { 'fusee.dev/created-at': expect.stringMatching(/T.*\.\d{3}Z$/) as unknown } },
      spec: { rerunOf: 'by-hand', params: { site: 'two' }, carriedOver: [{ name: 'load', results: { size: 7 } }] },
      status: { steps: [{ name: 'load', reason: 'CarriedOver', results: { size: 7 } }, { name: 'measure' }] },
    })
    await world.pass(60_000)
    expect(await world.runs()).toEqual([])
    // The same key is the same rerun, of which only the record is left as well.
    expect((await rerun('--failed', '--key', 'k')).stdout).toBe(`run ${again} was created by the same key before\n`)
    expect(await world.runs()).toEqual([])
  })

  it.each([
    { words: ['measure'], want: { code: 0, stdout: 'try 2\n' } },
    { words: ['measure', '--attempt', '2'], want: { code: 0, stdout: 'try 2\n' } },
    { words: ['measure', '--attempt', '1'], wantStderr: 'the Job of step measure is gone: only the end of attempt 2 is kept' },
    { words: ['load'], want: { code: 0, stdout: '' } },
    { words: ['nothing'], wantStderr: 'run by-hand has no step "nothing" with a log: it has load, measure' },
  ])('shows what its record keeps: logs $words', async ({ words, want, wantStderr = '' }) => {
    const answer = await runCli(['logs', 'by-hand', ...words, '--url', server.url])
    expect(answer).toMatchObject(want ?? { code: 2 })
    expect(answer.stderr).toContain(wantStderr)
  })

  it('all of it too', async () => {
    const again = /^run (\S+) created\n$/.exec((await rerun()).stdout)?.[1] ?? ''
    expect((await find(world, again)).spec).not.toHaveProperty('carriedOver')
    await world.pass(60_000)
  })

  it('not while its Repository is paused', async () => {
    const before = await world.runs()
    expect(await runCli(['pause', '--reason', 'moving', '--url', server.url])).toMatchObject({ code: 0 })
    await world.pass(1000)
    const { code, stderr } = await rerun('--key', 'held')
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/is paused .*moving.*fusee resume/) as unknown })
    // A key that has had its rerun is answered as ever.
    expect((await rerun('--failed', '--key', 'k')).stdout).toContain('was created by the same key before')
    expect(await world.runs()).toEqual(before)
    expect(await runCli(['resume', '--url', server.url])).toMatchObject({ code: 0 })
    expect((await rerun('--key', 'held')).stdout).toMatch(/^run \S+ created\n$/)
    await world.pass(60_000)
  })

  it('what was never there is not found', async () => {
    expect(await runCli(['rerun', 'nobody', '--url', server.url])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('there is no run "default/nobody", and no record of one') as unknown,
    })
  })
})

const head = (name: string): string => `apiVersion: fusee.dev/v1alpha1\nkind: Workflow\nmetadata: {name: ${name}}\nspec:\n`

const TYPED_FILES = {
  'workflows/first.yaml': `${head('first')}  triggers: {push: {}}\n  steps: [{name: only, image: busybox, script: 'true'}]\n`,
  'workflows/typed.yaml': `${head('typed')}  params:
    site: {default: one, enum: [one, two]}
    count: {type: integer, default: 3}
    list: {type: array, default: [1, {a: null}]}
    nothing: {type: boolean}
  triggers:
    push: {}
    schedule: [{cron: "5 * * * *", params: {site: two, count: 5}}]
    webhook: [{name: nightly}]
    workflow: [{name: first, result: Succeeded}]
  steps: [{name: only, image: busybox, script: 'true'}]
`,
}

const DEFAULTS = { site: 'one', count: 3, list: [1, { a: null }] }
const GIVEN = { site: 'two', nothing: false }

describe('params with their types and defaults', () => {
  it('reach the containers of runs by every trigger', async () => {
    const world = await createVirtualWorld({ files: {}, settings: { intervalSeconds: 10 } })
    const commit = await world.git.pushCommit(TYPED_FILES)
    await world.pass(30_000)
    const [state] = world.controller.repositories()
    if (state === undefined) throw new Error('nothing is followed')
    const triggers: Trigger[] = [
      { kind: 'Webhook', name: 'nightly', delivery: 'd' },
      { kind: 'Api', key: 'k', by: 'ann' },
      { kind: 'Manual', key: 'k', by: 'ann' },
    ]
    for (const trigger of triggers) {
      void startOnRequest(world.context, state, { workflow: 'typed', trigger, params: GIVEN }, world.controller.wake)
      await world.pass(5000)
    }
    const made: Run = {
      apiVersion: 'fusee.dev/v1alpha1',
      kind: 'Run',
      metadata: { name: 'by-hand', namespace: 'default' },
      spec: { repository: 'jobs', workflow: 'typed', commit, trigger: { kind: 'Manual', key: 'kubectl', by: 'bob' }, params: GIVEN, rerunOf: null },
    }
    await world.cluster.runs.createRun(made)
    await world.pass(400_000)
    const api = (await world.runs()).find(({ spec }) => spec.trigger.kind === 'Api')
    if (api === undefined) throw new Error('there is no run by the API')
    void rerun(world.context, state, api, { trigger: { kind: 'Rerun', key: 'k', by: 'ann' }, failedOnly: false }, world.controller.wake)
    await world.pass(5000)
    const seen: Record<string, unknown> = {}
    for (const { metadata, spec } of await world.runs()) {
      if (spec.workflow !== 'typed') continue
      const [observed] = await world.cluster.jobs.observeJobs(metadata)
      const env = new Map(observed?.job.spec.template.spec.containers[0]?.env?.map(({ name, value = '' }) => [name, value]))
      const key = metadata.name === 'by-hand' ? 'kubectl' : spec.trigger.kind
      seen[key] = [JSON.parse(env.get('FUSEE_PARAMS') ?? ''), env.get('FUSEE_PARAM_COUNT'), env.get('FUSEE_PARAM_LIST')]
    }
    const want = (params: object, count = '3'): unknown => [expect.objectContaining({ ...DEFAULTS, ...params }), count, '[1,{"a":null}]']
    expect(seen).toEqual({
      Push: want({}),
      Schedule: want({ site: 'two', count: 5 }, '5'),
      Workflow: want({}),
      Webhook: want(GIVEN),
      Api: want(GIVEN),
      Manual: want(GIVEN),
      Rerun: want(GIVEN),
      kubectl: want(GIVEN),
    })
  })
})
