import type { Json } from '../../definitions/container.ts'
import type { ExpressionType } from '../../definitions/expressions/expression-type.ts'
import { ANY, commonType, TEXT, typeOfValue } from '../../definitions/expressions/expression-type.ts'
import type { Evaluation } from '../../definitions/expressions/render.ts'
import { bareExpression } from '../../definitions/expressions/render.ts'
import { holdsExpression } from '../../definitions/expressions/template.ts'
import type { Expansion } from '../../definitions/workflow.ts'

/** Types of `matrix` and `item` within the Jobs of an expanded step: those that its definition was checked with. */
export function expansionTypes(expansion: Expansion, evaluation: Evaluation): { matrix: ExpressionType | null; item: ExpressionType | null } {
  if (expansion.kind === 'ForEach') return { matrix: null, item: itemType(expansion.items, evaluation) }
  if (typeof expansion.values === 'string') return { matrix: { kind: 'Map', of: ANY }, item: null }
  const fields = Object.entries(expansion.values).map(([key, list]) => [key, itemType(list, evaluation)] as const)
  return { matrix: { kind: 'Record', noun: 'key of matrix', fields: Object.fromEntries(fields) }, item: null }
}

function itemType(list: Json[] | string, evaluation: Evaluation): ExpressionType {
  if (typeof list !== 'string') return commonType(list.map((item) => typeOfItem(item, evaluation)))
  const type = typeOfExpression(list, evaluation)
  return type.kind === 'List' ? type.of : ANY
}

function typeOfItem(item: Json, evaluation: Evaluation): ExpressionType {
  if (typeof item !== 'string') return holdsExpression(JSON.stringify(item)) ? ANY : typeOfValue(item)
  if (!holdsExpression(item)) return TEXT
  const { text } = bareExpression(item)
  return text === item ? TEXT : typeOfExpression(text, evaluation)
}

function typeOfExpression(text: string, { language, scope }: Evaluation): ExpressionType {
  const compiled = language.compile(text, scope)
  return compiled.kind === 'Expression' ? compiled.expression.type : ANY
}
