import type { Json } from '../container.ts'
import type { ExpressionScope } from './expression-type.ts'
import type { Evaluated, ExpressionLanguage, ExpressionValues } from './language.ts'
import { holdsExpression, parseTemplate, soleExpression, type TemplatePart } from './template.ts'
import { textOfJson } from './values.ts'

/** What is needed to work expressions out: the language, what they may use, and the values. Types are those of the check, so both judge alike. */
export interface Evaluation {
  language: ExpressionLanguage
  scope: ExpressionScope
  values: ExpressionValues
}

/** How texts of a larger value are worked out. */
export interface RenderOptions {
  /** Whether text is wanted there, below the value; elsewhere a text that is one expression becomes its value. Default: everywhere. */
  wantsText?: (path: readonly (string | number)[]) => boolean
  /** Applied to what an expression puts into text, not to the text around it; see `escapeReferences`. */
  escape?: (text: string) => string
}

/** Kubernetes replaces `$(NAME)` in command, args and env, and makes `$$` one `$`: an expression's value must arrive as it is. */
export function escapeReferences(text: string): string {
  return text.replaceAll('$', () => '$$')
}

/** A condition, with or without `${{ }}` around it. */
export function evaluateCondition(text: string, evaluation: Evaluation): Evaluated<boolean> {
  const result = evaluateExpression(text, evaluation)
  if (result.kind === 'Failed' || typeof result.value === 'boolean') return result as Evaluated<boolean>
  return { kind: 'Failed', message: `the condition must come to true or false, not ${textOfJson(result.value).slice(0, 60)}` }
}

/** One expression, with or without `${{ }}` around it. */
export function evaluateExpression(text: string, { language, scope, values }: Evaluation): Evaluated {
  const compiled = language.compile(bareExpression(text).text, scope)
  return compiled.kind === 'Wrong' ? { kind: 'Failed', message: compiled.fault.message } : compiled.expression.evaluate(values)
}

/** The expression that a field holds which takes nothing else, and where it starts in the text. */
export function bareExpression(text: string): { text: string; at: number } {
  const template = parseTemplate(text.trim())
  const sole = template.kind === 'Template' ? soleExpression(template) : null
  return sole ? { text: sole.text, at: text.indexOf(text.trim()) + sole.at } : { text, at: 0 }
}

/** A text with its expressions worked out; a value that is no text becomes compact JSON. */
export function renderText(
  text: string,
  evaluation: Evaluation,
  { escape = (value) => value }: Pick<RenderOptions, 'escape'> = {},
): Evaluated<string> {
  const template = parseTemplate(text)
  if (template.kind === 'Wrong') return { kind: 'Failed', message: template.fault.message }
  let rendered = ''
  for (const part of template.parts) {
    const value = renderPart(part, evaluation, escape)
    if (value.kind === 'Failed') return value
    rendered += value.value
  }
  return { kind: 'Value', value: rendered }
}

function renderPart(part: TemplatePart, evaluation: Evaluation, escape: (text: string) => string): Evaluated<string> {
  if (part.kind === 'Text') return { kind: 'Value', value: part.text }
  const result = evaluateExpression(part.text, evaluation)
  return result.kind === 'Failed' ? result : { kind: 'Value', value: escape(textOfJson(result.value)) }
}

/** A value in which every text has its expressions worked out; `Failed` at the first that cannot be. Names of fields stay. */
export function renderJson(value: Json, evaluation: Evaluation, options: RenderOptions = {}): Evaluated {
  return render(value, [])

  function render(part: Json, path: readonly (string | number)[]): Evaluated {
    if (typeof part === 'string') return holdsExpression(part) ? renderString(part, path) : { kind: 'Value', value: part }
    if (typeof part !== 'object' || part === null) return { kind: 'Value', value: part }
    const entries: [string | number, Json][] = Array.isArray(part) ? part.map((item, index) => [index, item]) : Object.entries(part)
    const rendered: [string | number, Json][] = []
    for (const [key, child] of entries) {
      const result = render(child, [...path, key])
      if (result.kind === 'Failed') return result
      rendered.push([key, result.value])
    }
    const whole: Json = Array.isArray(part) ? rendered.map(([, child]) => child) : Object.fromEntries<Json>(rendered)
    return { kind: 'Value', value: whole }
  }

  function renderString(text: string, path: readonly (string | number)[]): Evaluated {
    const template = parseTemplate(text)
    const sole = template.kind === 'Template' ? soleExpression(template) : null
    const result = sole && options.wantsText?.(path) === false ? evaluateExpression(sole.text, evaluation) : renderText(text, evaluation, options)
    return result.kind === 'Failed' ? { kind: 'Failed', message: `${path.join('.')}: ${result.message}` } : result
  }
}
