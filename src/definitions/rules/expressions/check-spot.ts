import type { ExpressionScope, ExpressionType } from '../../expressions/expression-type.ts'
import type { Expression, ExpressionLanguage } from '../../expressions/language.ts'
import { bareExpression } from '../../expressions/render.ts'
import { holdsExpression, parseTemplate } from '../../expressions/template.ts'
import type { Finding } from '../../problem.ts'
import { offsetOfValue } from '../../source/offset-of-value.ts'
import type { SourceDocument } from '../../source/source-node.ts'
import type { Spot } from './spots.ts'

/** What is wrong with the expressions of a text, and the expressions that are right. */
export interface CheckedSpot {
  findings: Finding[]
  expressions: Expression[]
}

const WANTED = {
  Condition: { kinds: ['Boolean', 'Any'], words: 'true or false; compare it with something' },
  List: { kinds: ['List', 'Any'], words: 'a list' },
  Lists: { kinds: ['Map', 'Record', 'Any'], words: 'a map of lists' },
} as const

/** Compiles what a text holds, in this scope. */
export function checkSpot(document: SourceDocument, spot: Spot, scope: ExpressionScope, language: ExpressionLanguage): CheckedSpot {
  const checked: CheckedSpot = { findings: [], expressions: [] }
  const { text, kind, node } = spot
  const at = (index: number) => offsetOfValue(document, node, text, index)
  if (kind !== 'Template') {
    const bare = bareExpression(text)
    if (holdsExpression(bare.text)) {
      checked.findings.push({
        at: at(text.indexOf('${{')),
        message: `"${spot.field}" is one expression: put "\${{ }}" around all of it, or leave it out`,
      })
      return checked
    }
    const expression = add(bare.text, bare.at)
    const { kinds, words } = WANTED[kind]
    if (expression && !(kinds as readonly string[]).includes(expression.type.kind)) {
      checked.findings.push({
        at: at(bare.at + leading(bare.text)),
        message: `"${spot.field}" must come to ${words}; this is ${wordOf(expression.type)}`,
      })
    }
    return checked
  }
  const template = parseTemplate(text)
  if (template.kind === 'Wrong') return { findings: [{ at: at(template.fault.at), message: template.fault.message }], expressions: [] }
  for (const part of template.parts) if (part.kind === 'Expression') add(part.text, part.at)
  return checked

  function add(source: string, start: number): Expression | null {
    const compiled = language.compile(source, scope)
    if (compiled.kind === 'Expression') {
      checked.expressions.push(compiled.expression)
      return compiled.expression
    }
    checked.findings.push({ at: at(start + Math.max(compiled.fault.at, leading(source))), message: compiled.fault.message })
    return null
  }
}

function leading(text: string): number {
  return text.length - text.trimStart().length
}

const WORDS: Readonly<Record<ExpressionType['kind'], string>> = {
  Any: 'anything',
  Boolean: 'true or false',
  Integer: 'a whole number',
  List: 'a list',
  Map: 'a map of fields',
  Null: 'null',
  Number: 'a number',
  Record: 'a map of fields',
  Text: 'text',
}

function wordOf(type: ExpressionType): string {
  return WORDS[type.kind]
}
