import { describe, expect, it } from 'vitest'
import { createLinkMemory } from '../../../src/definitions/link/memory.ts'
import { statePolicy } from '../../../src/definitions/policy/policy.ts'
import { createSeededRandom } from '../../../src/simulation/seeded-random.ts'
import { createDefinitionCache } from '../../../src/definitions/definition-cache.ts'
import { loadDefinitions } from '../../../src/definitions/load-definitions.ts'
import { job, load, schedule, workflow } from './check-marked.ts'
import { createInMemoryFiles, type Content } from './in-memory-files.ts'

const ONE_STEP = 'steps: [{name: one, image: x}]'

describe('loading definitions', () => {
  it('reads every YAML and JSON file below the folder, several documents each, and names the others', async () => {
    const definitions = await load({
      'workflows/deep/er/b.yml': `${workflow(ONE_STEP, 'b')}---\n${workflow(ONE_STEP, 'c')}---\n${schedule('workflow: a\ncron: "@daily"', 'nightly')}`,
      'workflows/a.json': JSON.stringify({
        apiVersion: 'fusee.dev/v1alpha1',
        kind: 'Workflow',
        metadata: { name: 'a' },
        spec: { steps: [{ name: 'one', image: 'x' }] },
      }),
      'workflows/empty.yaml': '',
      'workflows/comment.yaml': '# nothing yet\n',
      'workflows/job.yaml': job(),
      'workflows/argo.yaml': 'apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nspec: {steps: []}\n',
      'workflows/list.yaml': '- a\n- b\n',
      'workflows/README.md': '# kind: Workflow',
      'elsewhere/d.yaml': workflow(ONE_STEP, 'd'),
    })
    expect(definitions.diagnostics).toEqual([])
    expect(definitions.workflows.map(({ name, file }) => `${file} ${name}`)).toEqual([
      'workflows/a.json a',
      'workflows/deep/er/b.yml b',
      'workflows/deep/er/b.yml c',
    ])
    expect(definitions.schedules.map(({ name, file }) => `${file} ${name}`)).toEqual(['workflows/deep/er/b.yml nightly'])
    expect(definitions.ignored).toEqual(['argo', 'comment', 'empty', 'job', 'list'].map((name) => `workflows/${name}.yaml`))
  })

  it.each(['workflows', 'workflows/', './workflows', 'x/../workflows'])('takes the folder as %s', async (path) => {
    const files = createInMemoryFiles({ 'workflows/a.yaml': workflow(ONE_STEP) })
    expect((await loadDefinitions(files, { path })).workflows).toHaveLength(1)
  })

  it.each(['', '.'])('takes the whole repository as %j', async (path) => {
    const files = createInMemoryFiles({ 'a.yaml': workflow(ONE_STEP) })
    expect((await loadDefinitions(files, { path })).workflows).toHaveLength(1)
  })

  it.each(['..', '/workflows', 'none'])('finds nothing in %s', async (path) => {
    const files = createInMemoryFiles({ 'workflows/a.yaml': workflow(ONE_STEP) })
    expect(await loadDefinitions(files, { path })).toEqual({ workflows: [], schedules: [], diagnostics: [], ignored: [], invalidWorkflows: [] })
  })

  it('keeps the good workflows whatever the others are', async () => {
    const definitions = await load({
      'workflows/bad.yaml': 'a: [\n',
      'workflows/binary.yaml': new Uint8Array([0xff, 0xfe, 0, 1]),
      'workflows/good.yaml': `${workflow(ONE_STEP, 'good')}---\n${workflow('stepz: []', 'wrong')}---\n${workflow(ONE_STEP, 'fine')}`,
      'workflows/half.yaml': `${workflow(ONE_STEP, 'half')}---\nb: ]\n---\n${workflow(ONE_STEP, 'other')}`,
    })
    expect(definitions.workflows.map(({ name }) => name)).toEqual(['good', 'fine', 'half', 'other'])
    expect(definitions.invalidWorkflows).toEqual(['wrong'])
    expect(definitions.ignored).toEqual([])
  })

  it('tells a workflow that was broken from one that is gone', async () => {
    const definitions = await load({
      'workflows/broken.yaml': `${workflow(ONE_STEP, 'broken')}  : [`,
      'workflows/fields.yaml': workflow('steps: []', 'empty'),
      'workflows/version.yaml': workflow(ONE_STEP, 'old').replace('v1alpha1', 'v1beta1'),
      'workflows/manifest.yaml': workflow('steps: [{name: a, manifest: none.yaml}]', 'unfounded'),
    })
    expect(definitions.invalidWorkflows).toEqual(['broken', 'empty', 'old', 'unfounded'])
    expect(definitions.workflows).toEqual([])
  })

  it('sorts diagnostics by file, line and column', async () => {
    const definitions = await load({
      'workflows/b.yaml': workflow('stepz: []\nsteps: [{name: A, b: 1, image: x, c: 2}]'),
      'workflows/a.yaml': workflow('{steps: [], x: 1}', 'b'),
    })
    expect(definitions.diagnostics.map(({ file, line, column, rule }) => `${file}:${line}:${column} ${rule}`)).toEqual([
      'workflows/a.yaml:6:11 invalid-value',
      'workflows/a.yaml:6:15 unknown-field',
      'workflows/b.yaml:6:3 unknown-field',
      'workflows/b.yaml:7:18 invalid-name',
      'workflows/b.yaml:7:21 unknown-field',
      'workflows/b.yaml:7:37 unknown-field',
    ])
  })

  it('rejects only when the files do', async () => {
    const files = { ...createInMemoryFiles({ 'workflows/a.yaml': '' }), read: () => Promise.reject(new Error('no disk')) }
    await expect(loadDefinitions(files, { path: 'workflows' })).rejects.toThrow('no disk')
  })

  it('leaves out a file that is gone when it is read', async () => {
    const files = { ...createInMemoryFiles({ 'workflows/a.yaml': '' }), read: () => Promise.resolve(null) }
    expect((await loadDefinitions(files, { path: 'workflows' })).ignored).toEqual([])
  })
})

describe('names across files', () => {
  it('the first file by path keeps the name of a workflow', async () => {
    const definitions = await load({ 'workflows/a.yaml': workflow(ONE_STEP), 'workflows/b.yaml': workflow(`# second\n${ONE_STEP}`) })
    expect(definitions.workflows.map(({ file }) => file)).toEqual(['workflows/a.yaml'])
    expect(definitions.invalidWorkflows).toEqual([])
    expect(definitions.diagnostics).toMatchObject([
      {
        file: 'workflows/b.yaml',
        line: 4,
        column: 9,
        rule: 'duplicate-workflow',
        message: expect.stringContaining('workflows/a.yaml, line 4') as string,
      },
    ])
  })

  it('schedules share one set of names, be they documents or triggers', async () => {
    const definitions = await load({
      'workflows/a.yaml': workflow(`triggers: {schedule: [{name: x, cron: "@daily"}]}\n${ONE_STEP}`, 'flow'),
      'workflows/b.yaml': schedule('workflow: flow\ncron: "@daily"', 'flow-x'),
      'workflows/c.yaml': `${schedule('workflow: flow\ncron: "@daily"', 'other')}---\n${workflow(`triggers: {schedule: [{cron: "@daily"}]}\n${ONE_STEP}`, 'other')}`,
    })
    expect(definitions.diagnostics.map(({ file, line, rule }) => `${file}:${line} ${rule}`)).toEqual([
      'workflows/b.yaml:4 duplicate-schedule',
      'workflows/c.yaml:14 duplicate-schedule',
    ])
    expect(definitions.schedules.map(({ name }) => name)).toEqual(['flow-x', 'other'])
    expect(definitions.invalidWorkflows).toEqual(['other'])
  })

  it('a schedule may name a workflow that is invalid or unreadable, since that keeps its last valid version', async () => {
    const definitions = await load({
      'workflows/a.yaml': workflow('steps: 1', 'wrong'),
      'workflows/b.yaml': `${workflow(ONE_STEP, 'broken')}  ]`,
      'workflows/c.yaml': `${schedule('workflow: wrong\ncron: "@daily"', 'one')}---\n${schedule('workflow: broken\ncron: "@daily"', 'two')}`,
    })
    expect(definitions.schedules.map(({ name }) => name)).toEqual(['one', 'two'])
    expect(definitions.diagnostics.filter(({ file }) => file === 'workflows/c.yaml')).toEqual([])
  })
})

describe('the cache', () => {
  it('keeps content from being read again, whatever its path', async () => {
    const cache = createDefinitionCache()
    const content = { 'workflows/a.yaml': workflow('steps: [{name: one, manifest: jobs/a.yaml}]'), 'jobs/a.yaml': job(), 'workflows/x.yaml': 'a: 1' }
    await loadDefinitions(createInMemoryFiles(content), { path: 'workflows', cache })
    const moved = createInMemoryFiles({
      'workflows/b.yaml': content['workflows/a.yaml'],
      'jobs/a.yaml': content['jobs/a.yaml'],
      'workflows/y.yaml': 'a: 1',
    })
    const definitions = await loadDefinitions(moved, { path: 'workflows', cache })
    expect(moved.readPaths).toEqual([])
    expect(definitions.workflows[0]?.file).toBe('workflows/b.yaml')
    expect(definitions.ignored).toEqual(['workflows/y.yaml'])
  })

  it('gives the same object for what stands for itself and has not changed', async () => {
    const cache = createDefinitionCache()
    const content = {
      'workflows/a.yaml': workflow(`triggers: {schedule: [{cron: "@daily"}]}\n${ONE_STEP}`, 'a'),
      'workflows/b.yaml': workflow(ONE_STEP, 'b'),
      'workflows/m.yaml': workflow('steps: [{name: one, manifest: jobs/a.yaml}]', 'm'),
      'jobs/a.yaml': job(),
    }
    const before = await loadDefinitions(createInMemoryFiles(content), { path: 'workflows', cache })
    const changed = { ...content, 'workflows/b.yaml': workflow(`description: new\n${ONE_STEP}`, 'b') }
    const after = await loadDefinitions(createInMemoryFiles(changed), { path: 'workflows', cache })
    expect(after.workflows.map((one, index) => one === before.workflows[index])).toEqual([true, false, true])
    expect(after.schedules[0]).toBe(before.schedules[0])
    expect(after.workflows[1]?.description).toBe('new')
  })

  it('gives a workflow its new file when the old one was moved', async () => {
    const cache = createDefinitionCache()
    const text = workflow(`triggers: {schedule: [{cron: "@daily"}]}\n${ONE_STEP}`, 'a')
    await loadDefinitions(createInMemoryFiles({ 'workflows/a.yaml': text }), { path: 'workflows', cache })
    const { workflows, schedules } = await loadDefinitions(createInMemoryFiles({ 'workflows/b.yaml': text }), { path: 'workflows', cache })
    expect([...workflows, ...schedules].map(({ file }) => file)).toEqual(['workflows/b.yaml', 'workflows/b.yaml'])
  })

  it('pauses between a hundred workflows when it is asked to, with the same result', async () => {
    const content = Object.fromEntries(
      Array.from({ length: 250 }, (_, index) => [`workflows/w${index}.yaml`, index === 7 ? 'a: [' : workflow(ONE_STEP, `w${index}`)]),
    )
    const cache = createDefinitionCache()
    const want = await loadDefinitions(createInMemoryFiles(content), { path: 'workflows', cache })
    let asked = 0
    let paused = 0
    const pause = (): Promise<void> | null => (asked++ % 2 === 0 ? Promise.resolve().then(() => void paused++) : null)
    expect(
      await loadDefinitions(createInMemoryFiles(content), { path: 'workflows', cache: { ...cache, memory: createLinkMemory() }, pause }),
    ).toEqual(want)
    expect(asked).toBeGreaterThan(3)
    expect(paused).toBe(Math.ceil(asked / 2))
  })

  it('gives what a new one would, however files come, go, move and take each other’s names', async () => {
    const random = createSeededRandom('files that change')
    const cache = createDefinitionCache()
    const content: Content = { 'jobs/a.yaml': job() }
    const drawText = (): string => {
      const name = `w${random.integer(0, 5)}`
      const schedule = `schedule: [{cron: "@daily"${random.pick(['', ', name: a'])}}]`
      return random.pick([
        workflow(ONE_STEP, name),
        workflow(`description: ${random.integer(0, 2)}\n${ONE_STEP}`, name),
        workflow(`triggers: {${schedule}}\n${ONE_STEP}`, name),
        workflow(`triggers: {workflow: [{name: w${random.integer(0, 5)}}]}\n${ONE_STEP}`, name),
        workflow('steps: [{name: one, manifest: jobs/a.yaml}]', name),
        workflow('steps: [{name: one, use: t}]', name),
        `${workflow(ONE_STEP, name)}\n---\n${workflow(ONE_STEP, `w${random.integer(0, 5)}`)}`,
        `apiVersion: fusee.dev/v1alpha1\nkind: Schedule\nmetadata: {name: ${name}}\nspec: {workflow: w${random.integer(0, 5)}, cron: "@daily"}\n`,
        'a: [',
        'a: 1',
      ])
    }
    const policies = [undefined, statePolicy({ podSecurity: 'restricted' }, 'data', { serviceAccounts: [], secrets: [] })]
    const sizes = new Set<number>()
    for (let round = 0; round < 150; round++) {
      const path = `workflows/${random.integer(0, 9)}.yaml`
      if (random.chance(0.2)) content[path] = ''
      else content[path] = drawText()
      const policy = random.chance(0.1) ? policies[1] : policies[0]
      const options = { path: 'workflows', ...(policy === undefined ? {} : { policy }) }
      const found = await loadDefinitions(createInMemoryFiles(content), { ...options, cache })
      expect(found).toEqual(await loadDefinitions(createInMemoryFiles(content), { ...options, cache: { ...cache, memory: createLinkMemory() } }))
      sizes.add(found.workflows.length)
    }
    expect(sizes.size).toBeGreaterThan(3)
  })

  it('does not hide what other files change', async () => {
    const cache = createDefinitionCache()
    const flow = workflow('steps: [{name: one, manifest: jobs/a.yaml}]')
    const before = await loadDefinitions(createInMemoryFiles({ 'workflows/a.yaml': flow, 'jobs/a.yaml': job() }), { path: 'workflows', cache })
    const after = await loadDefinitions(createInMemoryFiles({ 'workflows/a.yaml': flow }), { path: 'workflows', cache })
    expect(before.diagnostics).toEqual([])
    expect(after.diagnostics.map(({ rule }) => rule)).toEqual(['manifest-missing'])
  })

  it('forgets what was not used for longest', async () => {
    const cache = createDefinitionCache(2)
    const files = createInMemoryFiles({ 'workflows/a.yaml': 'a: 1', 'workflows/b.yaml': 'b: 1', 'workflows/c.yaml': 'c: 1' })
    await loadDefinitions(files, { path: 'workflows', cache })
    await loadDefinitions(files, { path: 'workflows', cache: { ...cache, memory: createLinkMemory() } })
    expect(files.readPaths).toEqual(['workflows/a.yaml', 'workflows/b.yaml', 'workflows/c.yaml', 'workflows/a.yaml'])
  })
})
