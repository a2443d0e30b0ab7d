import { describe, expect, it } from 'vitest'
import type { Schedule, Step, Workflow } from '../../../src/definitions/workflow.ts'
import { job, load, schedule, workflow } from './check-marked.ts'
import type { Content } from './in-memory-files.ts'

async function loadOne(spec: string, others: Content = {}): Promise<Workflow> {
  const { workflows, diagnostics } = await load({ ...others, 'workflows/a.yaml': workflow(spec) })
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
  const [found] = workflows
  if (!found) throw new Error('no workflow')
  return found
}

async function loadSteps(spec: string, others: Content = {}): Promise<Record<string, Step>> {
  const { steps, finally: last } = await loadOne(spec, others)
  return Object.fromEntries([...steps, ...last].map((step) => [step.name, step]))
}

async function loadSchedule(spec: string): Promise<Schedule | undefined> {
  const { schedules, diagnostics } = await load({
    'workflows/a.yaml': workflow('steps: [{name: one, image: x}]', 'w'),
    'workflows/s.yaml': schedule(spec),
  })
  expect(diagnostics).toEqual([])
  return schedules[0]
}

describe('a workflow as meant', () => {
  it('has defaults for all that is not written', async () => {
    expect(await loadOne('steps: [{name: hello, image: "busybox:1.36", script: echo hello}]')).toEqual({
      name: 'a',
      labels: {},
      description: null,
      params: {},
      push: null,
      pullRequest: null,
      webhooks: [],
      upstream: [],
      concurrency: { policy: 'Allow', group: null, limit: 100 },
      expect: { successWithinSeconds: null, durationSeconds: null },
      suspend: null,
      timeoutSeconds: null,
      retention: { succeeded: 10, failed: 30, maxAgeSeconds: 7_776_000 },
      failFast: false,
      maxParallel: null,
      steps: [
        {
          name: 'hello',
          dependsOn: [],
          work: { kind: 'Container', container: { image: 'busybox:1.36', command: ['/bin/sh', '-eu', '-c', 'echo hello'] }, pod: {}, job: {} },
          timeoutSeconds: 21_600,
          retries: 0,
          allowFailure: false,
          source: false,
          sourcePaths: [],
          if: null,
          startTimeoutSeconds: 900,
          results: {},
          expansion: null,
          maxParallel: null,
          undo: null,
          templates: [],
        },
      ],
      finally: [],
      file: 'workflows/a.yaml',
    })
  })

  it('has what is written, in seconds and milliseconds', async () => {
    const spec = `
      description: text
      params: {site: {default: x, pattern: "^[a-z]$"}, count: {type: integer, required: true, enum: [1, 2], description: how many}}
      suspend: {until: 2026-12-01T00:00:00+02:00, reason: moves}
      timeout: 1h30m
      retention: {succeeded: 0, maxAge: 1d}
      failFast: true
      maxParallel: 3
      steps: [{name: a, image: x, timeout: none, retries: 2, allowFailure: true, source: true}]
    `
    expect(await loadOne(spec)).toMatchObject({
      description: 'text',
      params: {
        site: { type: 'string', required: false, default: 'x', pattern: '^[a-z]$' },
        count: { type: 'integer', required: true, enum: [1, 2], description: 'how many' },
      },
      suspend: { untilMs: Date.UTC(2026, 10, 30, 22), reason: 'moves' },
      timeoutSeconds: 5400,
      retention: { succeeded: 0, failed: 30, maxAgeSeconds: 86_400 },
      failFast: true,
      maxParallel: 3,
      steps: [{ timeoutSeconds: null, retries: 2, allowFailure: true, source: true }],
    })
  })

  it.each([
    { spec: 'push:', want: { paths: [], commits: 'Latest' } },
    { spec: 'push: {}', want: { paths: [], commits: 'Latest' } },
    { spec: 'push: {paths: ["a/**", "!a/b"], commits: Each}', want: { paths: ['a/**', '!a/b'], commits: 'Each' } },
  ])('takes $spec', async ({ spec, want }) => {
    expect((await loadOne(`triggers:\n  ${spec}\nsteps: [{name: one, image: x}]`)).push).toEqual(want)
  })

  it.each([
    { spec: 'true', want: { untilMs: null, reason: null } },
    { spec: 'false', want: null },
    { spec: '{until: 2026-12-01}', want: { untilMs: Date.UTC(2026, 11, 1), reason: null } },
    { spec: '{reason: moves}', want: { untilMs: null, reason: 'moves' } },
  ])('takes suspend: $spec', async ({ spec, want }) => {
    expect((await loadOne(`suspend: ${spec}\nsteps: [{name: one, image: x}]`)).suspend).toEqual(want)
  })

  it('keeps anchors, aliases and merged maps apart from what they are copied into', async () => {
    const steps = await loadSteps(`
      steps:
        - &base {name: a, image: x, env: &env [{name: A, value: b}]}
        - {<<: *base, name: b, dependsOn: [a]}
        - {name: c, image: y, env: *env, dependsOn: [a]}
    `)
    expect(steps['b']?.work).toEqual(steps['a']?.work)
    expect(steps['c']?.work).toMatchObject({ container: { image: 'y', env: [{ name: 'A', value: 'b' }] } })
  })
})

describe('steps as meant', () => {
  it('wait as dependsOn or chain says', async () => {
    const steps = await loadSteps(`
      chain: true
      defaults: {image: x, script: echo}
      steps: [{name: a}, {name: b}, {name: c, dependsOn: []}, {name: d, dependsOn: [a, {step: b, when: Failed}, a, {step: c}]}]
      finally: [{name: e}, {name: f}]
    `)
    expect(
      Object.entries(steps).map(([name, step]) => `${name}: ${step.dependsOn.map(({ step: other, when }) => `${other} ${when}`).join(', ')}`),
    ).toEqual(['a: ', 'b: a Succeeded', 'c: ', 'd: a Succeeded, b Failed, c Succeeded', 'e: ', 'f: e Always'])
  })

  it('take defaults field by field, and never mix what runs', async () => {
    const steps = await loadSteps(`
      chain: true
      defaults:
        image: x
        command: [default]
        args: [one]
        env: [{name: A, value: "1"}, {name: B, value: "2"}]
        pod: {serviceAccountName: reports, hostNetwork: true}
        job: {completions: 2}
        retries: 3
        timeout: 5m
      steps:
        - {name: plain}
        - {name: scripted, script: echo, env: [{name: A, value: own}], pod: {hostNetwork: false}}
        - {name: commanded, command: [own], image: y, retries: 0, job: {completions: 1}}
    `)
    const env = [
      { name: 'A', value: '1' },
      { name: 'B', value: '2' },
    ]
    expect(steps['plain']).toMatchObject({
      work: {
        container: { image: 'x', command: ['default'], args: ['one'], env },
        pod: { serviceAccountName: 'reports', hostNetwork: true },
        job: { completions: 2 },
      },
      retries: 3,
      timeoutSeconds: 300,
    })
    expect(steps['scripted']?.work).toEqual({
      kind: 'Container',
      container: {
        image: 'x',
        command: ['/bin/sh', '-eu', '-c', 'echo'],
        env: [
          { name: 'B', value: '2' },
          { name: 'A', value: 'own' },
        ],
      },
      pod: { serviceAccountName: 'reports', hostNetwork: false },
      job: { completions: 2 },
    })
    expect(steps['commanded']).toMatchObject({
      work: { container: { image: 'y', command: ['own'], args: ['one'] }, job: { completions: 1 } },
      retries: 0,
    })
  })

  it('are joins when they have nothing to run, also beside a default image', async () => {
    const steps = await loadSteps('defaults: {image: x}\nsteps: [{name: a, script: echo}, {name: all, dependsOn: [a]}]')
    expect(steps['all']).toMatchObject({ work: { kind: 'Join' }, timeoutSeconds: null })
  })

  it('come from manifests: one from a file, one from each Job of a folder, and whatever depends on the folder waits for all', async () => {
    const steps = await loadSteps(
      `
      defaults: {image: x, env: [{name: A, value: "1"}]}
      steps:
        - {name: first, script: echo}
        - {name: publish, manifest: ./jobs/publish/, dependsOn: [first], timeout: 5m, retries: 1}
        - {name: single, manifest: single.yaml, dependsOn: [publish/one]}
        - {name: last, script: echo, dependsOn: [{step: publish, when: Always}, publish/one]}
    `,
      {
        'jobs/publish/one.yaml': job('one'),
        'jobs/publish/two.json': JSON.stringify({
          apiVersion: 'batch/v1',
          kind: 'Job',
          spec: { template: { spec: { containers: [{ name: 'c', image: 'two' }] } } },
        }),
        'jobs/publish/config.yaml': 'apiVersion: v1\nkind: ConfigMap\n',
        'jobs/publish/notes.txt': 'no manifest',
        'jobs/publish/deeper/three.yaml': job('three'),
        'single.yaml': job('single'),
      },
    )
    expect(Object.keys(steps)).toEqual(['first', 'publish/one', 'publish/two', 'single', 'last'])
    expect(steps['publish/one']).toMatchObject({
      dependsOn: [{ step: 'first', when: 'Succeeded' }],
      work: { kind: 'Manifest', path: 'jobs/publish/one.yaml', manifest: { kind: 'Job' }, env: [{ name: 'A', value: '1' }] },
      timeoutSeconds: 300,
      retries: 1,
    })
    expect(steps['single']).toMatchObject({ work: { kind: 'Manifest', path: 'single.yaml' }, retries: null, timeoutSeconds: 21_600 })
    expect(steps['last']?.dependsOn).toEqual([
      { step: 'publish/one', when: 'Always' },
      { step: 'publish/two', when: 'Always' },
      { step: 'publish/one', when: 'Succeeded' },
    ])
  })
})

describe('a schedule as meant', () => {
  it('has defaults for all that is not written', async () => {
    expect(await loadSchedule('workflow: w\ncron: "0 3 * * *"')).toEqual({
      name: 's',
      workflow: 'w',
      cron: '0 3 * * *',
      timeZone: 'Etc/UTC',
      params: {},
      startingDeadlineSeconds: null,
      catchUp: 'Latest',
      afterLoss: 'Report',
      suspend: null,
      file: 'workflows/s.yaml',
    })
  })

  it('has what is written', async () => {
    const spec = 'workflow: w\ncron: H 3 * * mon-fri\ntimeZone: Europe/Helsinki\nstartingDeadline: 10m\ncatchUp: All\nsuspend: true'
    expect(await loadSchedule(spec)).toMatchObject({
      cron: 'H 3 * * mon-fri',
      timeZone: 'Europe/Helsinki',
      startingDeadlineSeconds: 600,
      catchUp: 'All',
      suspend: { untilMs: null, reason: null },
    })
  })

  it('is called like its workflow when it is a trigger, with its own name behind', async () => {
    const names = async (triggers: string) =>
      (await load({ 'workflows/a.yaml': workflow(`triggers: {schedule: [${triggers}]}\nsteps: [{name: one, image: x}]`) })).schedules.map(
        ({ name }) => name,
      )
    expect(await names('{cron: "@daily"}')).toEqual(['a'])
    expect(await names('{name: night, cron: "@daily"}, {name: week, cron: "@weekly"}')).toEqual(['a-night', 'a-week'])
  })
})
