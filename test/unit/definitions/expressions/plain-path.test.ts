import { expect, it } from 'vitest'
import { ANY, TEXT, typeOfDeclared, type ExpressionType } from '../../../../src/definitions/expressions/expression-type.ts'
import { createExpressionLanguage } from '../../../../src/definitions/expressions/language.ts'
import { scopeAt, type WorkflowFacts } from '../../../../src/definitions/expressions/scope.ts'

const language = createExpressionLanguage()
const TYPES = ['string', 'integer', 'number', 'boolean', 'array', 'object'] as const
const step = (name: string, isExpanded: boolean | null) => ({
  name,
  dependsOn: [],
  allowFailure: false,
  results: Object.fromEntries(TYPES.map((type) => [type, type] as const)),
  isExpanded,
})
const FACTS: WorkflowFacts = {
  params: { ...Object.fromEntries(TYPES.map((type) => [type, { type, required: true }] as const)), maybe: { type: 'string', required: false } },
  steps: [step('one', false), step('many', true), step('folder', null), { ...step('used', false), results: null }],
  finally: [{ ...step('last', false), dependsOn: [] }],
}
const MATRIX: ExpressionType = {
  kind: 'Record',
  noun: 'key of matrix',
  fields: { a: TEXT, 'b-c': ANY, list: { kind: 'List', of: { kind: 'Map', of: TEXT } } },
}
const PLACES = [
  scopeAt({ kind: 'Run' }, FACTS),
  scopeAt({ kind: 'Condition', step: 'one' }, FACTS),
  scopeAt({ kind: 'Step', step: 'last', matrix: MATRIX, item: typeOfDeclared('object') }, FACTS),
  scopeAt({ kind: 'Undo', step: 'many', matrix: MATRIX, item: { kind: 'List', of: ANY } }, FACTS),
]
const FIELDS = ['params', 'vars', 'trigger', 'run', 'repository', 'steps', 'matrix', 'item', 'size', 'int', 'null', 'in', 'nothing']
const BELOW = ['', '.a', '.result', '.name', '.kind', '.tick', '.one', '.last', '.maybe', '.in', '.size', '.list', ...TYPES.map((type) => `.${type}`)]
const FURTHER = ['', '.x', '.results.object.x', '.results.array', '.results.nothing.x.y']

it('takes a name alone for what it is in brackets, which only CEL reads', () => {
  const others: string[] = []
  for (const scope of PLACES) {
    for (const text of FIELDS.flatMap((field) => BELOW.flatMap((below) => FURTHER.map((further) => `${field}${below}${further}`)))) {
      const plain = language.compile(text, scope)
      const whole = language.compile(`(${text})`, scope)
      const [one, other] = [plain, whole].map((compiled) =>
        compiled.kind === 'Wrong' ? compiled.fault.message : JSON.stringify([compiled.expression.type, compiled.expression.uses]),
      )
      if (one !== other) others.push(`${text}: ${one ?? ''} ${other ?? ''}`)
    }
  }
  expect(others).toEqual([])
})

it('tells where in the text a name is that is not there', () => {
  const places = [' params.strin ', 'params.string.x', '  nothing'].map((text) => language.compile(text, scopeAt({ kind: 'Run' }, FACTS)))
  expect(places).toMatchObject([{ fault: { at: 8 } }, { fault: { at: 14 } }, { fault: { at: 2 } }])
})
