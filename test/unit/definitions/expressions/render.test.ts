import { describe, expect, it } from 'vitest'
import { createExpressionLanguage } from '../../../../src/definitions/expressions/language.ts'
import {
  bareExpression,
  escapeReferences,
  evaluateCondition,
  renderJson,
  renderText,
  type Evaluation,
} from '../../../../src/definitions/expressions/render.ts'
import { scopeAt, type StepFacts, type WorkflowFacts } from '../../../../src/definitions/expressions/scope.ts'
import { parseTemplate } from '../../../../src/definitions/expressions/template.ts'

const language = createExpressionLanguage()

function step(name: string, more: Partial<StepFacts> = {}): StepFacts {
  return { name, dependsOn: [], allowFailure: false, results: {}, isExpanded: false, ...more }
}

const WORKFLOW: WorkflowFacts = {
  params: {
    site: { type: 'string', required: true },
    count: { type: 'integer', required: false, default: 2 },
    note: { type: 'string', required: false },
    sites: { type: 'array', required: false, default: [] },
  },
  steps: [
    step('load', { results: { bytes: 'integer', files: 'array' } }),
    step('many', { results: { bytes: 'integer' }, isExpanded: true }),
    step('maybe', { results: { bytes: 'integer' }, allowFailure: true }),
    step('middle', { dependsOn: [{ step: 'load', when: 'Succeeded' }] }),
    step('last', {
      dependsOn: [
        { step: 'middle', when: 'Succeeded' },
        { step: 'many', when: 'Always' },
        { step: 'maybe', when: 'Succeeded' },
      ],
    }),
  ],
  finally: [step('notify'), step('after', { dependsOn: [{ step: 'notify', when: 'Always' }] })],
}

const VALUES = {
  params: { site: 'a$(B)', count: 2, sites: ['x', 'y'] },
  vars: {},
  trigger: { kind: 'Push', branch: 'main' },
  run: { name: 'r', workflow: 'w', commit: 'c', result: 'Failed' },
  repository: { name: 'data', namespace: 'default', branch: 'main' },
  steps: { load: { result: 'Succeeded', results: { bytes: 10, files: ['f'] } }, many: { result: 'Succeeded', results: { bytes: [1, null] } } },
}

const evaluation: Evaluation = { language, scope: scopeAt({ kind: 'Step', step: 'last' }, WORKFLOW), values: VALUES }

describe('texts with expressions', () => {
  it.each([
    { text: 'plain $HOME {{ x }}', want: 'plain $HOME {{ x }}' },
    { text: '', want: '' },
    { text: 'n=${{ params.count }}, ${{params.site}}!', want: 'n=2, a$(B)!' },
    { text: '${{ params.sites }}', want: '["x","y"]' },
    { text: '${{ {"a": {"b": params.count}} }}', want: '{"a":{"b":2}}' },
    { text: '${{ params.note }}', want: 'null' },
    { text: '${{ "}}" + \'${{\' }}', want: '}}${{' },
    { text: '${{ "\\"}}" }}', want: '"}}' },
    { text: '${{ r"\\d" }}', want: '\\d' },
    { text: '${{ steps.load.results.bytes + params.count }}', want: '12' },
    { text: '${{ trigger.branch }} ${{ trigger.tick }}', want: 'main null' },
  ])('$text', ({ text, want }) => {
    expect(renderText(text, evaluation)).toEqual({ kind: 'Value', value: want })
  })

  it('keep what expressions give from what Kubernetes would replace', () => {
    expect(renderText('$(A) ${{ params.site }}', evaluation, { escape: escapeReferences })).toEqual({ kind: 'Value', value: '$(A) a$$(B)' })
  })

  it.each([
    { text: 'a ${{ params.site', want: 'not closed' },
    { text: '${{ params.zzz }}', want: 'no parameter "zzz"' },
    { text: '${{ 1 / 0 }}', want: 'division by zero' },
  ])('fail for $text', ({ text, want }) => {
    expect(renderText(text, evaluation)).toMatchObject({ kind: 'Failed', message: expect.stringContaining(want) as string })
  })

  it('are taken apart with places', () => {
    expect(parseTemplate('a${{b}}')).toEqual({
      kind: 'Template',
      parts: [
        { kind: 'Text', text: 'a', at: 0 },
        { kind: 'Expression', text: 'b', at: 4 },
      ],
    })
    expect(bareExpression(' ${{ a }} ')).toEqual({ text: ' a ', at: 4 })
    expect(bareExpression('a == "${{ }}"')).toEqual({ text: 'a == "${{ }}"', at: 0 })
  })
})

describe('values with expressions', () => {
  it('become what is meant where no text is wanted', () => {
    const value = { a: '${{ params.count }}', b: ['${{ params.sites }}', '${{ params.count }}x', 1, null], 'c${{': true }
    expect(renderJson(value, evaluation)).toEqual({ kind: 'Value', value: { a: '2', b: ['["x","y"]', '2x', 1, null], 'c${{': true } })
    expect(renderJson(value, evaluation, { wantsText: (path) => path[0] === 'a' })).toEqual({
      kind: 'Value',
      value: { a: '2', b: [['x', 'y'], '2x', 1, null], 'c${{': true },
    })
  })

  it('say which field fails', () => {
    expect(renderJson({ a: ['${{ 1 / 0 }}'] }, evaluation)).toEqual({ kind: 'Failed', message: 'a.0: division by zero' })
  })
})

describe('conditions', () => {
  it.each([
    { text: 'params.count > 1', want: { kind: 'Value', value: true } },
    { text: '${{ params.count > 2 }}', want: { kind: 'Value', value: false } },
    { text: 'params.note', want: { kind: 'Failed', message: 'the condition must come to true or false, not null' } },
  ])('$text', ({ text, want }) => {
    expect(evaluateCondition(text, evaluation)).toEqual(want)
  })
})

describe('what expressions may use', () => {
  it.each([
    { at: 'last', text: 'steps.load.results.bytes > 0', want: null },
    { at: 'last', text: 'steps.many.results.bytes[0] == null', want: null },
    { at: 'last', text: 'steps.maybe.results.bytes == null', want: null },
    { at: 'last', text: 'steps.load.results.byte > 0', want: 'there is no result "byte", did you mean "bytes"?' },
    { at: 'middle', text: 'steps.load.results.bytes == null', want: 'only one that may be missing' },
    { at: 'middle', text: 'steps.many.results.bytes[0] == null', want: 'add it to dependsOn' },
    { at: 'middle', text: 'steps.middle.result == ""', want: 'cannot use its own results' },
    { at: 'middle', text: 'steps.laod.result == ""', want: 'there is no step "laod", did you mean "load"?' },
    { at: 'middle', text: 'steps.notify.result == ""', want: 'is a finally step' },
    { at: 'middle', text: 'run.result == ""', want: 'use it in "finally" or "undo"' },
    { at: 'middle', text: 'matrix.a == 1', want: 'the step has no matrix' },
    { at: 'after', text: 'run.result == steps.notify.result && steps.load.results.bytes == null', want: null },
  ])('$at: $text', ({ at, text, want }) => {
    const compiled = language.compile(text, scopeAt({ kind: 'Step', step: at }, WORKFLOW))
    if (want === null) expect(compiled).toMatchObject({ kind: 'Expression' })
    else expect(compiled).toMatchObject({ kind: 'Wrong', fault: { message: expect.stringContaining(want) as string } })
  })

  it('is more in an undo and for an expanded step, and less before any step', () => {
    const compile = (text: string, place: Parameters<typeof scopeAt>[0]) => language.compile(text, scopeAt(place, WORKFLOW)).kind
    expect(compile('steps.load.results.bytes == null', { kind: 'Undo', step: 'load' })).toBe('Wrong')
    expect(compile('steps.load.results.bytes > 0 && run.result == "Failed"', { kind: 'Undo', step: 'load' })).toBe('Expression')
    expect(
      compile('matrix.n + item.size() > 1', {
        kind: 'Step',
        step: 'load',
        matrix: { kind: 'Record', noun: 'key', fields: { n: { kind: 'Integer' } } },
        item: { kind: 'Text' },
      }),
    ).toBe('Expression')
    expect(compile('item', { kind: 'Condition', step: 'load' })).toBe('Wrong')
    expect(compile('steps.load.result', { kind: 'Run' })).toBe('Wrong')
    expect(compile('params.site + trigger.kind + run.commit', { kind: 'Run' })).toBe('Expression')
  })
})
