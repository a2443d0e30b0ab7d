import { readdirSync, readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import workflowSchema from '../../../schemas/workflow.schema.json' with { type: 'json' }
import { CONTAINER_FIELDS } from '../../../src/definitions/workflow-source.ts'
import { checkMarked, workflow } from './check-marked.ts'

describe('the schemas', () => {
  it.each(readdirSync('schemas'))('%s is a schema', (name) => {
    const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, keywords: ['tsType'] })
    expect(ajv.validateSchema(JSON.parse(readFileSync(`schemas/${name}`, 'utf8')) as object)).toBe(true)
  })

  it('allow in defaults every field of a step but its name', () => {
    const { name: _, ...fields } = workflowSchema.$defs.step.properties
    expect(workflowSchema.properties.spec.properties.defaults.properties).toEqual(fields)
  })

  it('know every container field', () => {
    expect(Object.keys(workflowSchema.$defs.step.properties)).toEqual(expect.arrayContaining([...CONTAINER_FIELDS]))
  })

  it('describe every field, each with an example that fits', () => {
    const ajv = new Ajv2020({
      strict: true,
      allowUnionTypes: true,
      keywords: ['tsType'],
      schemas: OURS.map(([, schema]) => schema),
    })
    const wrong = OURS.flatMap(([name, schema]) =>
      fieldsOf(schema).flatMap(({ pointer, field }) => faultsOf(ajv, `${schema.$id}#${pointer}`, field).map((fault) => `${name}${pointer} ${fault}`)),
    )
    expect(wrong).toEqual([])
  })
})

/** Our own schemas by name. What they take over from kubernetes.schema.json is left out: those fields are described in Kubernetes' own reference. */
const OURS = readdirSync('schemas')
  .filter((name) => name !== 'kubernetes.schema.json')
  .map((name): [string, { $id: string }] => [name, JSON.parse(readFileSync(`schemas/${name}`, 'utf8'), withoutKubernetes) as { $id: string }])

function withoutKubernetes(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('$ref' in value) || !String(value.$ref).startsWith('kubernetes.')) return value
  const { $ref: _, ...rest } = value
  return rest
}

interface Field {
  $ref?: string
  description?: string
  examples?: unknown[]
}

/** Every field of every object of a schema, with the pointer to what is said of it. */
function fieldsOf(schema: unknown, pointer = ''): { pointer: string; field: Field }[] {
  if (typeof schema !== 'object' || schema === null) return []
  return Object.entries(schema).flatMap(([key, value]) => {
    const below = `${pointer}/${key}`
    // Conditions say nothing of a field.
    if (key === 'examples' || key === 'if') return []
    const own =
      key === 'properties' ? Object.entries(value as Record<string, Field>).map(([name, field]) => ({ pointer: `${below}/${name}`, field })) : []
    return [...own, ...fieldsOf(value, below)]
  })
}

/** A field may say these things itself, or what it refers to says them. */
function faultsOf(ajv: Ajv2020, reference: string, field: Field): string[] {
  const target = field.$ref === undefined ? undefined : (ajv.getSchema(new URL(field.$ref, reference).href)?.schema as Field | undefined)
  const { description = target?.description, examples = target?.examples ?? [] } = field
  const validate = ajv.getSchema(reference)
  const unfit = examples
    .filter((example) => validate?.(example) !== true)
    .map((example) => `has the example ${JSON.stringify(example)}, which it refuses`)
  return [...(description ? [] : ['has no description']), ...(examples.length > 0 ? [] : ['has no example']), ...unfit]
}

describe('what the schema finds', () => {
  const CASES: { name: string; text: string; rules: string[]; wantMessages: string[] }[] = [
    {
      name: 'misspelt fields, which then are not missing as well',
      text: workflow('«timout: 2h\nsteps:\n  - {«nmae: a, «comand: [x]}\n  - {name: b, image: x, «dependOn: [a]}'),
      rules: ['unknown-field'],
      wantMessages: ['did you mean "timeout"?', 'did you mean "name"?', 'did you mean "command"?', 'did you mean "dependsOn"?'],
    },
    {
      name: 'words of other systems',
      text: workflow('steps:\n  - {name: a, image: x, «run: x, «needs: [b], «environment: []}'),
      rules: ['unknown-field'],
      wantMessages: ['"script"', '"dependsOn"', '"env"'],
    },
    {
      name: 'fields that belong one level further down',
      text: `${workflow('steps:\n  - {name: a, image: x, «volumes: [], «parallelism: 2}')}«schedule: x\n`,
      rules: ['unknown-field'],
      wantMessages: ['put it below "pod"', 'put it below "job"', 'below "spec"'],
    },
    {
      name: 'fields that nothing resembles',
      text: workflow('steps: [{name: a, image: x, «frobnicate: 1}]\nretention: {«weeks: 2}'),
      rules: ['unknown-field'],
      wantMessages: ['take it out', 'known here: succeeded, failed, maxAge'],
    },
    {
      name: 'fields that are missing, at what lacks them',
      text: workflow('steps:\n  - «image: x\n  - name: b\n    image: x\n    dependsOn:\n      - «when: Failed\n    env:\n      - «value: x'),
      rules: ['missing-field'],
      wantMessages: [
        'an item of "steps" needs the field "name"',
        'an item of "dependsOn" needs the field "step"',
        'an item of "env" needs the field "name"',
      ],
    },
    {
      name: 'an empty spec',
      text: 'apiVersion: fusee.dev/v1alpha1\nkind: Workflow\nmetadata: {name: a}\n«spec: {}\n',
      rules: ['missing-field'],
      wantMessages: ['"spec" needs the field "steps"'],
    },
    {
      name: 'no spec at all',
      text: '«apiVersion: fusee.dev/v1alpha1\nkind: Workflow\nmetadata: {name: a}\n',
      rules: ['missing-field'],
      wantMessages: ['the document needs the field "spec"'],
    },
    {
      name: 'a misspelt source of a variable, once',
      text: workflow('steps:\n  - {name: a, image: x, env: [{name: A, valueFrom: {«secretKeyReff: {name: b, key: c}}}]}'),
      rules: ['unknown-field'],
      wantMessages: ['unknown field "secretKeyReff", did you mean "secretKeyRef"?'],
    },
    {
      name: 'values of the wrong type',
      text: workflow(
        'timeout: «90\nfailFast: «"yes"\nmaxParallel: «[1]\nsteps:\n  - {name: a, image: x, dependsOn: «b, retries: «1.5, env: [{name: A, value: «1}], args: «null}',
      ),
      rules: ['wrong-type'],
      wantMessages: [
        'must be text, such as 90s, 2h, 1d, none, not 90',
        'true or false, not "yes"',
        'a whole number, not a list',
        'write ["b"]',
        'a whole number, not 1.5',
        'quote it: "1"',
        'a list, not empty; write it as in ["hello"]',
      ],
    },
    {
      name: 'values that are not among those allowed',
      text: workflow('triggers: {push: {commits: «latest}}\nmaxParallel: «0\nsteps: [{name: a, image: «"", dependsOn: [{step: a, when: «Success}]}]'),
      rules: ['invalid-value'],
      wantMessages: ['one of Latest, Each; did you mean "Latest"?', 'at least 1', 'must not be empty', 'one of Succeeded, Failed, NotFailed, Always'],
    },
    {
      name: 'durations and times that cannot be read',
      text: workflow(
        'timeout: «5 minutes\nretention: {maxAge: «none}\nsuspend: {until: «tomorrow}\nsteps: [{name: a, image: x, timeout: «0s, startTimeout: «1s1m}]',
      ),
      rules: ['invalid-value'],
      wantMessages: ['Such as 90s, 2h, 1d, none.', 'Such as 90s', 'RFC 3339'],
    },
  ]

  it.each(CASES)('$name', async ({ text, rules: wantRules, wantMessages }) => {
    const { places, wantPlaces, rules, messages } = await checkMarked(text)
    const relevant = messages.map((message, index) => ({ message, place: places[index] })).filter(({ place }) => wantPlaces.includes(place ?? ''))
    expect(relevant.map(({ place }) => place)).toEqual(wantPlaces)
    expect(rules).toEqual(expect.arrayContaining(wantRules))
    for (const [index, wantMessage] of wantMessages.entries()) expect(relevant[index]?.message).toContain(wantMessage)
  })

  it('an unknown field draws one diagnostic, not ten', async () => {
    const { messages } = await checkMarked(
      workflow('steps:\n  - {name: a, comand: [x], image: x}\n  - {name: b, scrpt: x}\n  - {name: c, image: x, dependsOn: [a]}'),
    )
    expect(messages).toHaveLength(2)
  })
})

it.each(['"${{ vars.x }}"', '{steps: "${{ vars.x }}"}', '{steps: [{name: a, image: x, env: "${{ vars.x }}"}]}'])(
  'an expression stands for no part of the structure: spec: %s',
  async (spec) => {
    const { definitions, rules } = await checkMarked(workflow('x').replace(/spec:[^]*/, `spec: ${spec}\n`))
    expect(rules).toContain('wrong-type')
    expect(definitions.workflows).toEqual([])
  },
)

describe('documents that nearly are ours', () => {
  it.each([
    { text: 'apiVersion: fusee.dev/v1alpha1\nkind: «Workflw\n', rule: 'unknown-kind', wantMessage: 'did you mean "Workflow"?' },
    { text: 'apiVersion: fusee.dev/v1alpha1\nkind: «Deployment\n', rule: 'unknown-kind', wantMessage: 'write Workflow, Schedule or StepTemplate' },
    { text: 'apiVersion: fusee.dev/v1alpha1\nkind: «Repository\n', rule: 'unknown-kind', wantMessage: 'move it elsewhere' },
    { text: '«apiVersion: fusee.dev/v1alpha1\n', rule: 'missing-field', wantMessage: 'needs a kind' },
    { text: 'apiVersion: «fusee.dev/v1\nkind: Workflow\n', rule: 'unknown-api-version', wantMessage: 'write apiVersion: fusee.dev/v1alpha1' },
    { text: 'apiVersion: «fuse.dev/v1alpha1\nkind: Workflow\n', rule: 'unknown-api-version', wantMessage: 'fusee.dev/v1alpha1' },
    { text: 'apiVersion: «v1\nkind: schedule\n', rule: 'unknown-api-version', wantMessage: 'fusee.dev/v1alpha1' },
    { text: '«kind: Workflw\n', rule: 'unknown-api-version', wantMessage: 'has no apiVersion' },
    { text: 'name: a\n«steps:\n  - name: a\n', rule: 'missing-header', wantMessage: 'looks like a workflow' },
    { text: 'spec:\n  «steps: []\n', rule: 'missing-header', wantMessage: 'looks like a workflow' },
  ])('$text', async ({ text, rule, wantMessage }) => {
    const { places, wantPlaces, rules, messages, definitions } = await checkMarked(text, {}, undefined, rule)
    expect(places).toEqual(wantPlaces)
    expect(rules).toEqual([rule])
    expect(messages[0]).toContain(wantMessage)
    expect(definitions.ignored).toEqual([])
  })

  it.each(['apiVersion: argoproj.io/v1alpha1\nkind: Workflow\n', 'kind: ConfigMap\n', 'apiVersion: v1\nkind: Pod\nsteps: []\n', 'steps: 3\n'])(
    'but not %j',
    async (text) => {
      const { messages, definitions } = await checkMarked(text)
      expect(messages).toEqual([])
      expect(definitions.ignored).toEqual(['workflows/a.yaml'])
    },
  )
})
