import type { ExpressionFault } from './references.ts'

/** A piece of a text: as it is, or an expression within `${{ }}`. `at` is where it starts in the text. */
export type TemplatePart = { kind: 'Text'; text: string; at: number } | { kind: 'Expression'; text: string; at: number }

/** A text with its expressions, or what is wrong with its braces. */
export type Template = { kind: 'Template'; parts: TemplatePart[] } | { kind: 'Wrong'; fault: ExpressionFault }

const OPEN = '${{'

/** Whether a text holds an expression, or the start of one. */
export function holdsExpression(text: string): boolean {
  return text.includes(OPEN)
}

/** Takes a text apart. Braces and quotes within an expression are CEL's own. */
export function parseTemplate(text: string): Template {
  const parts: TemplatePart[] = []
  let from = 0
  for (let open = text.indexOf(OPEN); open >= 0; open = text.indexOf(OPEN, from)) {
    if (open > from) parts.push({ kind: 'Text', text: text.slice(from, open), at: from })
    const start = open + OPEN.length
    const end = findEnd(text, start)
    if (end === null) return { kind: 'Wrong', fault: { at: open, message: 'this expression is not closed; end it with "}}"' } }
    parts.push({ kind: 'Expression', text: text.slice(start, end), at: start })
    from = end + 2
  }
  if (from < text.length || parts.length === 0) parts.push({ kind: 'Text', text: text.slice(from), at: from })
  return { kind: 'Template', parts }
}

/** The only expression of a text that is nothing else; null otherwise. */
export function soleExpression({ parts }: Extract<Template, { kind: 'Template' }>): Extract<TemplatePart, { kind: 'Expression' }> | null {
  const [part, other] = parts
  return part?.kind === 'Expression' && !other ? part : null
}

/** The `}}` that closes an expression: none within text, and none of which a brace belongs to the expression. */
function findEnd(text: string, start: number): number | null {
  let braces = 0
  for (let index = start; index < text.length; index++) {
    const character = text[index]
    if (character === '"' || character === "'") index = endOfText(text, index, character)
    else if (character === '{') braces++
    else if (character === '}' && braces > 0) braces--
    else if (character === '}' && text[index + 1] === '}') return index
  }
  return null
}

/** Index of the quote that ends a text of CEL; as the library reads it, a backslash hides a quote in raw text too. */
function endOfText(text: string, start: number, quote: string): number {
  const isTriple = text.startsWith(quote.repeat(3), start)
  const close = isTriple ? quote.repeat(3) : quote
  for (let index = start + close.length; index < text.length; index++) {
    if (text[index] === '\\') index++
    else if (text.startsWith(close, index)) return index + close.length - 1
  }
  return text.length
}
