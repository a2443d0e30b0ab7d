import type { Param } from '../definitions/workflow.ts'
import { didYouMean } from '../definitions/near-names.ts'
import { checkParamValue } from '../definitions/param-value.ts'

/** Most bytes of all values as JSON: every container gets them in one variable, and Linux takes none of more than 128 KiB. */
const MOST_BYTES = 120_000

/** Values by name, or everything that is wrong with what was given: full sentences, one a problem. */
export type ParamResolution = { kind: 'Valid'; values: Record<string, unknown> } | { kind: 'Invalid'; problems: string[] }

/**
 * The values that a run gets: those given, else the declared defaults. A parameter that is neither given nor has a default has no
 * value; it is a problem when it is required. Values are taken as they are: `"3"` is no number.
 */
export function resolveParams(declared: Readonly<Record<string, Param>>, given: Readonly<Record<string, unknown>>): ParamResolution {
  const names = Object.keys(declared)
  const problems = Object.keys(given)
    .filter((name) => !Object.hasOwn(declared, name))
    .map((name) => unknownParam(name, names))
  const values: [string, unknown][] = []
  for (const [name, param] of Object.entries(declared)) {
    const value = Object.hasOwn(given, name) ? given[name] : param.default
    if (value === undefined) {
      if (param.required) problems.push(`param ${name} is required: give it a value`)
      continue
    }
    const problem = checkParamValue(param, value)
    if (problem !== null) problems.push(`param ${name} ${problem}`)
    else if (typeof value === 'string' && value.includes('\0')) problems.push(`param ${name} must not hold a NUL character: no variable can`)
    else values.push([name, value])
  }
  const bytes = Buffer.byteLength(JSON.stringify(Object.fromEntries(values)))
  if (bytes > MOST_BYTES)
    problems.push(`the params are ${bytes} bytes as JSON, at most ${MOST_BYTES} are allowed: hand over the name of a file instead`)
  return problems.length > 0 ? { kind: 'Invalid', problems } : { kind: 'Valid', values: Object.fromEntries(values) }
}

/**
 * Values from words of the command line, `name=value` each, read by their declared types: text as it is, numbers and `true` or
 * `false` as such, lists and maps as JSON. What these values are worth is for `resolveParams` to say.
 */
export function parseParamWords(declared: Readonly<Record<string, Param>>, words: readonly string[]): ParamResolution {
  const problems: string[] = []
  const values = new Map<string, unknown>()
  for (const word of words) {
    const split = word.indexOf('=')
    if (split < 1) {
      problems.push(`"${word}" is no parameter: write name=value`)
      continue
    }
    const name = word.slice(0, split)
    const text = word.slice(split + 1)
    const param = Object.hasOwn(declared, name) ? declared[name] : undefined
    if (param === undefined) {
      problems.push(unknownParam(name, Object.keys(declared)))
      continue
    }
    if (values.has(name)) problems.push(`param ${name} is given twice: give it once`)
    values.set(name, parseValue(param.type, text))
  }
  return problems.length > 0 ? { kind: 'Invalid', problems } : { kind: 'Valid', values: Object.fromEntries(values) }
}

/** The value that a text stands for; the text itself when it stands for none of that type. */
function parseValue(type: Param['type'], text: string): unknown {
  if (type === 'string') return text
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}

/** What YAML 1.1, which kubectl reads, takes for `true` and `false` when it is not quoted; definitions are YAML 1.2, where it is a name like others. */
const BOOLEAN_WORDS: ReadonlyMap<string, RegExp> = new Map([
  ['true', /^(y|yes|on)$/i],
  ['false', /^(n|no|off)$/i],
])

function unknownParam(name: string, known: readonly string[]): string {
  const meant = known.find((one) => BOOLEAN_WORDS.get(name)?.test(one))
  if (meant !== undefined) return `param ${name} is not declared: kubectl takes ${meant} for ${name} unless it is quoted, write "${meant}"`
  const near = didYouMean(name, known)
  if (near !== '') return `param ${name} is not declared${near}`
  return `param ${name} is not declared: ${known.length === 0 ? 'the workflow has none' : `write one of ${known.join(', ')}`}`
}
