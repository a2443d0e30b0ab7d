import { Environment, EvaluationError, ParseError, TypeError as CelTypeError } from '@marcbachmann/cel-js'
import { RE2JS, RE2JSException } from 're2js'
import type { Json } from '../container.ts'
import { createContentCache, type ContentCache } from '../content-cache.ts'
import { excerpt } from '../excerpt.ts'
import { checkTree, EXPRESSION_BOUNDS } from './check-tree.ts'
import { describeCelFault } from './describe-fault.ts'
import { celType, typeOfCel, type ExpressionScope, type ExpressionType } from './expression-type.ts'
import { attachMeter, type Metered } from './attach-meter.ts'
import { TooMuchWorkError } from './meter.ts'
import { readPlainPath, typeOfPath } from './plain-path.ts'
import { checkReferences, findReferences, narrowScope, type ExpressionFault, type Reference } from './references.ts'
import { NoJsonError, toCel, toJson } from './values.ts'

/** Values of the variables of a scope, as JSON. */
export type ExpressionValues = Readonly<Record<string, unknown>>

/** What an evaluation came to. `message` is for the end of a sentence about the expression. */
export type Evaluated<Value = Json> = { kind: 'Value'; value: Value } | { kind: 'Failed'; message: string }

/** An expression that was checked. */
export interface Expression {
  text: string
  /** What it comes to, as far as that is known. */
  type: ExpressionType
  /** Names of the variables and fields that it uses, outermost first. */
  uses: readonly (readonly string[])[]
  /** Never throws, and ends within a second whatever the values are. */
  evaluate: (values: ExpressionValues) => Evaluated
}

/** What came of a text. */
export type Compiled = { kind: 'Expression'; expression: Expression } | { kind: 'Wrong'; fault: ExpressionFault }

/** CEL as Fusee has it: statically typed, without what can hang or grow, and with `re()` instead of `matches()`. Keep one: it remembers what it compiled. */
export interface ExpressionLanguage {
  compile(text: string, scope: ExpressionScope): Compiled
}

const KEPT = 2000

/** Makes the language. It holds no state that can be seen. */
export function createExpressionLanguage(): ExpressionLanguage {
  const metered: Metered = { meter: null }
  const base = createBase(metered)
  const texts = createContentCache<Parsed>(KEPT)
  const environments = createContentCache<Environment>(KEPT)
  const compiled = createContentCache<Compiled>(KEPT)
  return { compile: (text, scope) => compilePath(text, scope) ?? compileWhole(text, scope) }

  /** Most expressions only name something: what that comes to is known at once, and CEL has to see it only when it is worked out. */
  function compilePath(text: string, scope: ExpressionScope): Compiled | null {
    const reference = readPlainPath(text)
    if (!reference || text.length > EXPRESSION_BOUNDS.characters) return null
    const [fault] = checkReferences([reference], scope, text)
    if (fault) return { kind: 'Wrong', fault }
    const type = typeOfPath(reference, scope)
    if (!type) return null
    const evaluate = (values: ExpressionValues): Evaluated => {
      const whole = compileWhole(text, scope)
      return whole.kind === 'Expression' ? whole.expression.evaluate(values) : { kind: 'Failed', message: whole.fault.message }
    }
    return { kind: 'Expression', expression: { text, type, uses: usesOf([reference]), evaluate } }
  }

  function compileWhole(text: string, scope: ExpressionScope): Compiled {
    const parsed = texts.get(text) ?? remember(texts, text, parse(base, text))
    if (parsed.kind === 'Wrong') return parsed
    const { references } = parsed
    const [fault] = checkReferences(references, scope, text)
    if (fault) return { kind: 'Wrong', fault }
    const narrow = narrowScope(scope, references)
    const form = JSON.stringify(narrow)
    const known = compiled.get(`${form} ${text}`)
    if (known) return known
    const environment = environments.get(form) ?? remember(environments, form, createEnvironment(base, narrow))
    return remember(compiled, `${form} ${text}`, check(environment, text, narrow, usesOf(references), metered))
  }
}

function usesOf(references: readonly Reference[]): Expression['uses'] {
  return references.map(({ path }) => path.map(({ name }) => name))
}

function remember<Value>(cache: ContentCache<Value>, key: string, value: Value): Value {
  cache.set(key, value)
  return value
}

function createBase(metered: Metered): Environment {
  const { nodes, depth, items } = EXPRESSION_BOUNDS
  const limits = { maxAstNodes: nodes, maxDepth: depth, maxListElements: items, maxMapEntries: items, maxCallArguments: 4 }
  return new Environment({ homogeneousAggregateLiterals: false, limits }).registerFunction(
    'string.re(string): bool',
    (text: string, source: string) => {
      const pattern = compilePattern(source)
      metered.meter?.countPattern(pattern, text)
      return pattern.matcher(text).find()
    },
    { async: false },
  )
}

const LONGEST_PATTERN = 1000

function compilePattern(source: string): RE2JS {
  if (source.length > LONGEST_PATTERN) throw new EvaluationError(`the pattern has more than ${LONGEST_PATTERN} characters`)
  try {
    return RE2JS.compile(source)
  } catch (error) {
    if (error instanceof RE2JSException) throw new EvaluationError(`${error.message} (patterns are RE2's: no look-around, no back references)`)
    throw error
  }
}

function createEnvironment(base: Environment, { fields }: ExpressionScope): Environment {
  const environment = base.clone()
  for (const [name, type] of Object.entries(fields)) {
    const declared = celType(type)
    if (typeof declared === 'string') environment.registerVariable(name, declared)
    else environment.registerVariable(name, { schema: declared })
  }
  return environment
}

/** What a text says by itself, wherever it stands. */
type Parsed = { kind: 'References'; references: readonly Reference[] } | Extract<Compiled, { kind: 'Wrong' }>

function parse(base: Environment, text: string): Parsed {
  if (text.length > EXPRESSION_BOUNDS.characters)
    return wrong(0, `the expression has more than ${EXPRESSION_BOUNDS.characters} characters; make it simpler`)
  if (text.trim() === '') return wrong(0, 'the expression is empty; write one, such as params.name')
  try {
    const root = base.parse(text).ast
    const [fault] = checkTree(root)
    return fault ? { kind: 'Wrong', fault } : { kind: 'References', references: findReferences(root) }
  } catch (error) {
    return faultOf(error, text)
  }
}

function check(environment: Environment, text: string, scope: ExpressionScope, uses: Expression['uses'], metered: Metered): Compiled {
  try {
    const parsed = environment.parse(text)
    const { valid, type, error } = parsed.check()
    if (!valid) return faultOf(error, text)
    const types = scope.fields
    let run: ReturnType<typeof attachMeter> | null = null
    const evaluate = (values: ExpressionValues): Evaluated => {
      try {
        const context = Object.entries(types).map(([name, of]) => [name, toCel(Object.hasOwn(values, name) ? values[name] : null, of)] as const)
        run ??= attachMeter(parsed, metered)
        return { kind: 'Value', value: toJson(run(Object.fromEntries(context))) }
      } catch (thrown) {
        return { kind: 'Failed', message: describeFailure(thrown) }
      }
    }
    return { kind: 'Expression', expression: { text, type: typeOfCel(type ?? 'dyn'), uses, evaluate } }
  } catch (error) {
    return faultOf(error, text)
  }
}

function describeFailure(error: unknown): string {
  if (error instanceof EvaluationError) return describeCelFault(error.code, error.summary)
  if (error instanceof TooMuchWorkError || error instanceof NoJsonError) return error.message
  if (error instanceof RangeError) return 'the values are nested too deeply'
  throw error
}

/** Operators of other languages between values, outside of text. */
const WORD_OPERATOR = /^(?:[^"']|"[^"]*"|'[^']*')*?\s(and|or|not)\s/

function faultOf(error: unknown, text: string): Extract<Compiled, { kind: 'Wrong' }> {
  const word = error instanceof ParseError ? WORD_OPERATOR.exec(text) : null
  if (word) return wrong(word[0].length - (word[1] ?? '').length - 1, 'write && for "and", || for "or", ! for "not"')
  if (error instanceof ParseError || error instanceof CelTypeError || error instanceof EvaluationError) {
    return wrong(Math.min(error.range?.start ?? 0, text.length), describeCelFault(error.code, error.summary))
  }
  if (error instanceof RangeError) return wrong(0, `the expression is nested too deeply: ${excerpt(text)}`)
  throw error
}

function wrong(at: number, message: string): Extract<Compiled, { kind: 'Wrong' }> {
  return { kind: 'Wrong', fault: { at, message } }
}
