import { describe, expect, it } from 'vitest'
import { checkMarked, job, load, workflow } from '../check-marked.ts'

function template(spec: string, name = 'notify'): string {
  return workflow(spec, name).replace('kind: Workflow', 'kind: StepTemplate')
}

const NOTIFY = template(`
params: {channel: {required: true}, count: {type: integer, default: 1}}
step:
  image: "busybox:1.36"
  script: echo "$CHANNEL"
  env: [{name: CHANNEL, value: "\${{ params.channel }}"}]
  timeout: 3m
  retries: 2
  results: {id: string}
`)

describe('step templates', () => {
  it('make steps that stand in the chain as their users say, nested ones too', async () => {
    const { workflows, diagnostics } = await load({
      'workflows/a.yaml': workflow(`
        defaults: {image: "other:1", env: [{name: A, value: b}], retries: 5}
        steps:
          - {name: load, script: echo}
          - {name: tell, dependsOn: [load], allowFailure: true, if: vars.x == "", use: notify, with: {channel: "\${{ vars.x }}"}, timeout: 1m}
          - {name: alarm, dependsOn: [tell], use: loud, if: steps.tell.results.id == "x"}
      `),
      'workflows/t.yaml': NOTIFY,
      'workflows/u.yaml': template('step: {use: notify, with: {channel: all}, retries: 1}', 'loud'),
    })
    expect(diagnostics).toEqual([])
    const [, tell, alarm] = workflows[0]?.steps ?? []
    expect(tell).toMatchObject({
      name: 'tell',
      dependsOn: [{ step: 'load', when: 'Succeeded' }],
      allowFailure: true,
      if: 'vars.x == ""',
      timeoutSeconds: 60,
      retries: 2,
      results: { id: 'string' },
      work: { kind: 'Container', container: { image: 'busybox:1.36', env: [{ name: 'CHANNEL', value: '${{ params.channel }}' }] } },
      templates: [{ name: 'notify', with: { channel: '${{ vars.x }}' }, params: { channel: { required: true } } }],
    })
    expect(alarm).toMatchObject({
      name: 'alarm',
      timeoutSeconds: 180,
      retries: 1,
      templates: [{ name: 'loud' }, { name: 'notify', with: { channel: 'all' } }],
    })
  })

  it.each([
    { name: 'that does not exist', use: '{name: a, use: «notfy, with: {channel: x}}', want: ['unknown-template'], message: 'did you mean "notify"' },
    { name: 'without what it requires', use: '{name: a, «use: notify}', want: ['missing-param'], message: 'add it to "with"' },
    {
      name: 'with what it does not know',
      use: '{name: a, use: notify, with: {channel: x, «chanel: y}}',
      want: ['unknown-param'],
      message: 'did you mean "channel"',
    },
    {
      name: 'with what does not fit',
      use: '{name: a, use: notify, with: {channel: x, count: «two}}',
      want: ['invalid-param'],
      message: 'a whole number',
    },
    {
      name: 'with an expression, which is judged in the run',
      use: '{name: a, use: notify, with: {channel: x, count: "${{ vars.n }}"}}',
      want: [],
      message: '',
    },
  ])('a step that uses one $name', async ({ use, want, message }) => {
    const { places, wantPlaces, rules, messages } = await checkMarked(workflow(`steps: [${use}]`), { 'workflows/t.yaml': NOTIFY })
    expect(rules).toEqual(want)
    expect(places).toEqual(wantPlaces)
    expect(messages[0] ?? '').toContain(message)
  })

  const USER = '{name: a, use: loud}, {name: b, dependsOn: [a], use: notify, with: {channel: x}}'
  const LOUD = template('step: {use: notify, with: {channel: all}}', 'loud')

  it.each([
    { name: 'a result that it declares', use: 'if: steps.a.results.size > 1 && steps.b.results.id == ""', want: [], message: '' },
    { name: 'a result that it does not declare', use: 'if: steps.a.results.«sise > 1', want: ['invalid-expression'], message: 'did you mean "size"' },
    { name: 'a result as what it is not', use: "if: '«steps.a.results.size > steps.b.results.id'", want: ['invalid-expression'], message: 'text' },
    { name: 'a result in a manifest', use: 'dependsOn: [b], manifest: jobs/a.yaml', want: [], message: '' },
  ])('knows what one hands on: $name', async ({ use, want, message }) => {
    const step = use.includes('manifest') ? `{name: c, ${use}}` : `{name: c, dependsOn: [b], image: x, script: echo, ${use}}`
    const { places, wantPlaces, rules, messages, definitions } = await checkMarked(workflow(`steps: [${USER}, ${step}]`), {
      'workflows/t.yaml': NOTIFY.replace('{id: string}', '{id: string, size: integer}'),
      'workflows/u.yaml': LOUD,
      'jobs/a.yaml': job('"busybox:${{ steps.a.results.sise }}"'),
    })
    expect(rules).toEqual(want)
    expect(places).toEqual(wantPlaces)
    expect(messages[0] ?? '').toContain(message)
    expect(definitions.workflows).toHaveLength(want.length === 0 && !use.includes('manifest') ? 1 : 0)
    expect(definitions.diagnostics.filter(({ file }) => file === 'jobs/a.yaml').map((found) => found.message)).toEqual(
      use.includes('manifest') ? ['there is no result "sise", did you mean "size"?'] : [],
    )
  })

  it('looks again when a template declares something else', async () => {
    const files = (results: string): Record<string, string> => ({
      'workflows/a.yaml': workflow('steps: [{name: a, use: t}, {name: b, dependsOn: [a], image: x, script: echo, if: steps.a.results.size > 1}]'),
      'workflows/t.yaml': template(`step: {image: x, script: echo, results: ${results}}`, 't'),
    })
    const messages = async (results: string): Promise<string[]> => (await load(files(results))).diagnostics.map(({ message }) => message)
    expect(await messages('{size: integer}')).toEqual([])
    expect(await messages('{count: integer}')).toEqual(['there is no result "size"; each result here: count'])
    expect(await messages('{size: integer}')).toEqual([])
  })

  it('names both places of a mistake inside one, and stops only who uses it', async () => {
    const { diagnostics, workflows, invalidWorkflows } = await load({
      'workflows/a.yaml': workflow('steps: [{name: one, use: notify}]'),
      'workflows/b.yaml': workflow('steps: [{name: one, image: x}]', 'b'),
      'workflows/t.yaml': template('step:\n  image: x\n  comand: [a]'),
    })
    expect(diagnostics.map(({ file, line, rule, message }) => `${file}:${line} ${rule} ${message}`)).toEqual([
      'workflows/a.yaml:6 invalid-template the template "notify" is wrong at workflows/t.yaml:8:5: unknown field "comand", did you mean "command"?',
      'workflows/t.yaml:8 unknown-field unknown field "comand", did you mean "command"?',
    ])
    expect(workflows.map(({ name }) => name)).toEqual(['b'])
    expect(invalidWorkflows).toEqual(['a'])
  })

  it('is told what is missing in it, without defaults that do not reach it', async () => {
    const { diagnostics } = await load({ 'workflows/t.yaml': template('step: {script: echo}') })
    expect(diagnostics.map(({ message }) => message)).toEqual(['the step needs an image; add "image" here'])
  })

  it('knows its own params alone', async () => {
    const { diagnostics } = await load({
      'workflows/t.yaml': template(
        'params: {a: {}}\nstep: {image: x, args: ["${{ params.a }}", "${{ params.b }}", "${{ steps.x.result }}"], workingDir: "${{ params.a }}"}',
      ),
    })
    expect(diagnostics.map(({ rule, message }) => `${rule}: ${message.slice(0, 30)}`)).toEqual([
      'invalid-expression: there is no parameter "b", did',
      'invalid-expression: "steps" cannot be used here: a',
      'misplaced-expression: expressions are refused in "wo',
    ])
  })

  it('reports circles, and names that are there twice', async () => {
    const { diagnostics } = await load({
      'workflows/a.yaml': template('step: {use: b}', 'a'),
      'workflows/b.yaml': template('step: {use: c}', 'b'),
      'workflows/c.yaml': template('step: {use: a}', 'c'),
      'workflows/d.yaml': template('step: {image: x}', 'c'),
      'workflows/w.yaml': workflow('steps: [{name: one, use: b}]'),
    })
    expect(diagnostics.map(({ file, rule }) => `${file} ${rule}`)).toEqual([
      'workflows/a.yaml template-loop',
      'workflows/d.yaml duplicate-template',
      'workflows/w.yaml invalid-template',
    ])
    expect(diagnostics[0]?.message).toContain('a -> b -> c -> a')
  })
})
