import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Diagnostic } from '../../../src/definitions/workflow.ts'
import { job, load, schedule, workflow } from './check-marked.ts'

const ONE_STEP = 'steps: [{name: one, image: x}]'

async function rulesOf(content: string | Uint8Array): Promise<string[]> {
  const { diagnostics } = await load({ 'workflows/a.yaml': content })
  return diagnostics.map(({ line, column, rule }) => `${line}:${column} ${rule}`)
}

/** Each level multiplies the one before by nine. */
function aliasBomb(levels: number): string {
  const names = Array.from({ length: levels }, (_, index) => `a${index}`)
  const bomb = names.map(
    (name, index) => `${name}: &${name} [${Array.from({ length: 9 }, () => (index === 0 ? 'x' : `*a${index - 1}`)).join(', ')}]\n`,
  )
  return `apiVersion: fusee.dev/v1alpha1\nkind: Workflow\n${bomb.join('')}`
}

function nestedMaps(depth: number): string {
  return Array.from({ length: depth }, (_, index) => `${' '.repeat(index)}a:\n`).join('')
}

describe('hostile and broken content', () => {
  const CASES: { name: string; content: string | Uint8Array; want: string[] }[] = [
    { name: 'ten kilobytes of brackets', content: '['.repeat(10_240), want: ['1:65 nesting-too-deep'] },
    { name: 'brackets beside braces', content: '[{a: '.repeat(5000), want: ['1:161 nesting-too-deep'] },
    { name: 'brackets closed by the wrong sign', content: '[}'.repeat(40), want: ['1:2 yaml-syntax'] },
    { name: 'dashes in a row', content: '- '.repeat(5000), want: ['1:129 nesting-too-deep'] },
    { name: 'question marks in a row', content: '? '.repeat(5000), want: ['1:129 nesting-too-deep'] },
    { name: 'maps that go ever deeper', content: nestedMaps(100), want: ['65:66 nesting-too-deep'] },
    {
      name: 'lists that go deeper line by line',
      content: `${'- '.repeat(40)}a:\n${' '.repeat(82)}${'- '.repeat(40)}b\n`,
      want: ['2:129 nesting-too-deep'],
    },
    { name: 'a bomb of aliases', content: aliasBomb(9), want: ['8:9 too-many-aliases'] },
    { name: 'more aliases than a person writes', content: `a: &a 1\nb: [${'*a, '.repeat(1001)}]`, want: ['2:4005 too-many-aliases'] },
    { name: 'an alias of itself', content: 'a: &a [*a]', want: ['1:8 yaml-syntax'] },
    {
      name: 'aliases that make a depth',
      content: Array.from({ length: 70 }, (_, index) => `a${index}: &a${index} [${index === 0 ? '' : `*a${index - 1}`}]\n`).join(''),
      want: ['66:11 nesting-too-deep'],
    },
    { name: 'an alias of nothing', content: 'a: *b', want: ['1:4 yaml-syntax'] },
    { name: 'two megabytes', content: 'a: 1\n'.repeat(420_000), want: ['1:1 file-too-large'] },
    { name: 'a million values', content: 'a: 1\n'.repeat(100_000), want: ['25000:1 too-many-tokens'] },
    { name: 'brackets that nothing opened, over and over', content: 'x: ]\n'.repeat(25_000), want: ['1:4 yaml-syntax'] },
    { name: 'commas without values, over and over', content: 'x: [,,]\n'.repeat(9_000), want: ['1:6 yaml-syntax'] },
    { name: 'bytes that are no text', content: new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0xff]), want: ['1:1 file-not-text'] },
    { name: 'text with a NUL', content: 'a: \0', want: ['1:1 file-not-text'] },
    { name: 'UTF-16', content: new Uint8Array([0xff, 0xfe, 0x61, 0x00]), want: ['1:1 file-not-text'] },
    { name: 'keys that are there twice', content: `${workflow(ONE_STEP)}  steps: []\n`, want: ['7:3 duplicate-key'] },
    { name: 'tabs as indentation', content: 'a:\n\tb: 1\n', want: ['2:1 yaml-syntax'] },
    { name: 'a template that is no YAML yet', content: 'a: {{ .Values.a }}\n', want: ['1:5 yaml-syntax'] },
    { name: 'text that is no YAML', content: 'a: b: c\n- d\n', want: ['1:4 yaml-syntax'] },
    { name: 'JSON that is cut off', content: '{"apiVersion": "fusee.dev/v1alpha1", "kind"', want: ['1:44 yaml-syntax'] },
    { name: 'a tag that nobody knows', content: 'a: !include b.yaml\n', want: ['1:4 yaml-syntax'] },
    { name: 'a number without a JSON form', content: 'a: .inf\n', want: ['1:4 yaml-syntax'] },
    {
      name: 'keys called __proto__',
      content: workflow('__proto__: {steps: []}\nsteps: [{name: one, image: x, __proto__: {}}]'),
      want: ['6:3 unknown-field', '7:33 unknown-field'],
    },
    {
      name: 'keys of every object',
      content: workflow('constructor: 1\ntoString: 2\nsteps: [{name: one, image: x}]'),
      want: ['6:3 unknown-field', '7:3 unknown-field'],
    },
    {
      name: 'dependencies called like fields of every object',
      content: workflow('steps: [{name: one, image: x, dependsOn: [constructor, __proto__]}]'),
      want: ['6:45 unknown-dependency', '6:58 unknown-dependency'],
    },
    { name: 'a document that is no map', content: 'just text\n---\n- 1\n---\n2\n', want: [] },
    { name: 'nothing but a mark of the byte order', content: '\uFEFF', want: [] },
  ]

  it.each(CASES)('$name', async ({ content, want }) => {
    expect(await rulesOf(content)).toEqual(want)
  })

  it.each([
    { name: 'a byte order mark', text: `\uFEFF${workflow('stepz: 1')}`, want: '6:3 unknown-field' },
    {
      name: 'lines that end in CR LF',
      text: workflow('\nstepz: 1\nsteps: [{name: one, image: x}]').replaceAll('\n', '\r\n'),
      want: '6:3 unknown-field',
    },
  ])('$name moves no column', async ({ text, want }) => {
    expect(await rulesOf(text)).toContain(want)
  })

  it('says of a file that is wrong throughout only so much', async () => {
    const fields = Array.from({ length: 5000 }, (_, index) => `field${index}: 1`).join('\n')
    const rules = await rulesOf(workflow(fields))
    expect(rules).toHaveLength(200)
  })

  it('keeps parameters and labels called __proto__ from reaching any object', async () => {
    const { workflows } = await load({
      'workflows/a.yaml': `${workflow(ONE_STEP)}`.replace('name: a', 'name: a\n  annotations: {__proto__: polluted}'),
      'workflows/s.yaml': schedule('workflow: a\ncron: "@daily"\nparams: {__proto__: 1}'),
    })
    expect(workflows).toHaveLength(1)
    expect(Object.keys(Object.prototype)).toEqual([])
  })
})

describe('names that every object has', () => {
  const NAMES = ['constructor', 'toString', 'valueOf', 'hasOwnProperty', '__proto__', '__defineGetter__']
  const rulesOfAll = async (spec: string): Promise<string[]> =>
    (await load({ 'workflows/a.yaml': workflow(spec) })).diagnostics.map(({ rule }) => rule)
  const step = (expression: string): string => `steps: [{name: one, image: "x:1", args: ['\${{ ${expression} }}']}]`

  it.each(NAMES)('%s is no parameter, step, result, variable, template or workflow unless somebody declares it', async (name) => {
    for (const expression of [
      `params.${name}`,
      `params["${name}"]`,
      `steps.${name}.result`,
      `steps.one.results.${name}`,
      `run.${name}`,
      `trigger.${name}`,
      name,
    ]) {
      expect(await rulesOfAll(step(expression)), expression).toEqual(['invalid-expression'])
    }
    const use = `steps: [{name: one, use: ${name}, with: {${name}: 1}}]`
    expect(await rulesOfAll(use)).toEqual(['unknown-template'])
    expect(await rulesOfAll(`triggers: {workflow: [{name: ${name}}]}\nsteps: [{name: one, image: "x:1"}]`)).toContain('unknown-workflow')
    const given = await rulesOfAll(`triggers: {schedule: [{cron: "@daily", params: {${name}: a}}]}\nsteps: [{name: one, image: "x:1"}]`)
    expect(given).toEqual(['unknown-param'])
    expect(await rulesOfAll(step(`vars.${name}`)), 'vars are known to the Repository alone').toEqual([])
  })

  it.each(['constructor', 'toString', 'valueOf', 'hasOwnProperty'])(
    '%s is a parameter and a result like any other where it is declared',
    async (name) => {
      const spec = `params: {${name}: {default: a}}
triggers: {schedule: [{cron: "@daily", params: {${name}: b}}]}
steps:
  - {name: one, image: "x:1", script: echo, results: {${name}: integer}, env: [{name: A, value: "\${{ params.${name} }}"}]}
  - {name: two, image: "x:1", script: echo, dependsOn: [one], if: steps.one.results.${name} > 0}
`
      const { workflows, schedules, diagnostics } = await load({ 'workflows/a.yaml': workflow(spec) })
      expect(diagnostics).toEqual([])
      expect(workflows[0]?.params).toEqual({ [name]: { type: 'string', default: 'a', required: false } })
      expect(workflows[0]?.steps[0]?.results).toEqual({ [name]: 'integer' })
      expect(schedules[0]?.params).toEqual({ [name]: 'b' })
    },
  )
})

describe('random content', () => {
  const VALID = `${workflow('chain: true\nparams: {site: {default: x}}\ntriggers: {push: {paths: ["a/**"]}, schedule: [{cron: "0 3 * * *"}]}\ntimeout: 2h\nsteps:\n  - name: one\n    image: x\n    script: |\n      echo hello\n      echo more\n  - {name: two, manifest: jobs, dependsOn: [{step: one, when: Always}]}\nfinally:\n  - {name: last, image: x}\n')}---\n${schedule('workflow: a\ncron: "@daily"\nparams: {site: x}')}`
  const PIECES = [
    '[',
    ']',
    '{',
    '}',
    ':',
    ': ',
    '- ',
    '\n',
    '\t',
    '  ',
    '&a ',
    '*a',
    '"',
    "'",
    '|',
    '>',
    '#',
    '---\n',
    '!',
    '?',
    '<<: ',
    '\0',
    '\r',
    '\u2028',
    '😀',
    'null',
    '1',
    '${{',
    'dependsOn',
    '../',
  ]

  const mutations = fc.array(fc.record({ at: fc.nat(VALID.length), drop: fc.nat(12), piece: fc.constantFrom(...PIECES) }), {
    minLength: 1,
    maxLength: 6,
  })

  it('never makes loading throw, and every place lies within its file', async () => {
    await fc.assert(
      fc.asyncProperty(mutations, async (changes) => {
        const text = changes.reduce((mutant, { at, drop, piece }) => mutant.slice(0, at) + piece + mutant.slice(at + drop), VALID)
        const content: Record<string, string> = { 'workflows/a.yaml': text, 'jobs/a.yaml': job() }
        const { diagnostics } = await load(content)
        for (const diagnostic of diagnostics) expectInside(diagnostic, content[diagnostic.file])
      }),
      { numRuns: 500 },
    )
  })

  function expectInside({ line, column }: Diagnostic, text: string | undefined): void {
    const lines = (text ?? '').split('\n')
    expect(line).toBeGreaterThanOrEqual(1)
    expect(line).toBeLessThanOrEqual(lines.length)
    expect(column).toBeGreaterThanOrEqual(1)
    expect(column).toBeLessThanOrEqual((lines[line - 1]?.length ?? 0) + 1)
  }
})
