import type { ErrorObject } from 'ajv/dist/2020.js'
import { excerpt } from '../excerpt.ts'
import { MOST_FINDINGS, type Finding } from '../problem.ts'
import { nearestName } from '../near-names.ts'
import { holdsExpression } from '../expressions/template.ts'
import { entryOf, itemsOf, textOf, type SourceNode } from '../source/source-node.ts'
import { describeQuantity } from './quantity.ts'
import { describeUnknownField, knownFields } from './unknown-field.ts'

/** A finding that names its rule. */
export interface SchemaFinding extends Finding {
  rule: 'unknown-field' | 'missing-field' | 'wrong-type' | 'invalid-value'
  /** JSON pointer of what is wrong, or missing. */
  path: string
}

/** What the schema says against a document. */
export interface SchemaFindings {
  findings: SchemaFinding[]
  /** Every value that is wrong or holds something that is: rules make no use of such a value as a whole. */
  damaged: ReadonlySet<SourceNode>
  /** Every map with a field that nobody knows: a field that it lacks may be the one that was meant. */
  withUnknownFields: ReadonlySet<SourceNode>
}

/** A value in its document: where to point at when it is wrong. */
interface Place {
  node: SourceNode
  /** The values around it, outermost first. */
  around: SourceNode[]
  /** Name of its field; null for an item of a list. */
  field: string | null
  list: string | null
  /** Its key, or its start. */
  at: number
}

const TYPE_WORDS: Record<string, string> = {
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map of fields',
  null: 'empty',
}

/** Below `pod` and `job` of a step an expression stands for a value of any type. */
const VALUES_OF_STEPS = /[/](pod|job)[/]/

/** So it does below `spec` of a manifest. */
export const VALUES_OF_MANIFESTS = /^[/]spec[/]/

/** Puts the schema's errors into our words, each once, at their places. `values` matches the paths at which an expression may stand for any value. */
export function schemaFindings(root: SourceNode, errors: readonly ErrorObject[], values = VALUES_OF_STEPS): SchemaFindings {
  const damaged = new Set<SourceNode>()
  const withUnknownFields = new Set<SourceNode>()
  const findings: SchemaFinding[] = []
  const misspelt = misspeltFields(errors.slice(0, MOST_FINDINGS))
  for (const error of errors) {
    const place = placeOf(root, error.instancePath)
    // What an expression comes to is judged in the run; where none is allowed a rule says so.
    if ((values.test(error.instancePath) && isExpression(place.node)) || isConsequence(error)) continue
    for (const node of [...place.around, place.node]) damaged.add(node)
    if (error.keyword === 'additionalProperties') withUnknownFields.add(place.node)
    if (findings.length >= MOST_FINDINGS) continue
    if (error.keyword === 'required' && misspelt.has(`${error.instancePath} ${String(error.params.missingProperty)}`)) continue
    findings.push({ ...describe(error, place), path: pathOf(error) })
  }
  return { findings, damaged, withUnknownFields }
}

function isExpression(node: SourceNode): boolean {
  const text = textOf(node)
  return text !== null && holdsExpression(text)
}

/** Of "this, or null" only what is wrong with this is of interest. */
function isConsequence({ keyword, params }: ErrorObject): boolean {
  return keyword === 'anyOf' || (keyword === 'type' && params.type === 'null')
}

/** Fields that are there under a name that is nearly right: they are not missing as well. */
function misspeltFields(errors: readonly ErrorObject[]): Set<string> {
  const unknown = errors.filter((error) => error.keyword === 'additionalProperties')
  return new Set(unknown.map((error) => `${error.instancePath} ${nearestName(String(error.params.additionalProperty), knownFields(error))}`))
}

function placeOf(root: SourceNode, pointer: string): Place {
  const place: Place = { node: root, around: [], field: null, list: null, at: root.start }
  for (const segment of pointer.split('/').slice(1)) {
    const key = segment.replaceAll('~1', '/').replaceAll('~0', '~')
    const entry = entryOf(place.node, key)
    const next = entry?.value ?? itemsOf(place.node)[Number(key)]
    if (!next) break
    place.around.push(place.node)
    place.node = next
    place.at = entry?.key.start ?? next.start
    if (entry) place.field = place.list = key
    else place.field = null
  }
  return place
}

function pathOf({ instancePath, params }: ErrorObject): string {
  const field: unknown = params['additionalProperty'] ?? params['missingProperty']
  return typeof field === 'string' ? `${instancePath}/${field}` : instancePath
}

function describe(error: ErrorObject, place: Place): Omit<SchemaFinding, 'path'> {
  const name = nameOf(place)
  switch (error.keyword) {
    case 'additionalProperties': {
      const field = String(error.params.additionalProperty)
      const at = entryOf(place.node, field)?.key.start ?? place.at
      return { rule: 'unknown-field', at, message: describeUnknownField(field, place.field, error) }
    }
    case 'propertyNames': {
      const field = String(error.params.propertyName)
      const { patternErrorMessage = 'is no key that may stand here' } = error.params.of as { patternErrorMessage?: string }
      return { rule: 'invalid-value', at: entryOf(place.node, field)?.key.start ?? place.at, message: `${excerpt(field)} ${patternErrorMessage}` }
    }
    case 'required':
      return { rule: 'missing-field', at: place.at, message: `${name} needs the field "${String(error.params.missingProperty)}"` }
    case 'type':
      return { rule: 'wrong-type', at: place.node.start, message: `${name} must be ${describeType(error, place.node)}` }
    default:
      return { rule: 'invalid-value', at: place.node.start, message: `${name} ${describeValue(error, place.node)}` }
  }
}

function nameOf(place: Place): string {
  if (place.field !== null) return excerpt(place.field)
  return place.list === null ? 'the document' : `an item of ${excerpt(place.list)}`
}

function describeType(error: ErrorObject, node: SourceNode): string {
  const types = [error.params.type as string | string[]].flat()
  const named = types.length > 1 ? types.filter((type) => type !== 'null') : types
  const wanted = named.map((type) => TYPE_WORDS[type] ?? type).join(' or ')
  if (node.kind === 'Scalar' && node.json !== null) {
    const { pattern, examples = [] } = (error.parentSchema ?? {}) as { pattern?: string; examples?: unknown[] }
    const isGoodQuoted = pattern === undefined || new RegExp(pattern).test(String(node.json))
    if (types.includes('string')) {
      return isGoodQuoted ? `${wanted}; quote it: "${String(node.json)}"` : `${wanted}, such as ${examples.join(', ')}, not ${excerpt(node.json)}`
    }
    if (types.includes('array') && typeof node.json === 'string') return `${wanted}; write [${excerpt(node.json)}]`
    return `${wanted}, not ${excerpt(node.json)}${exampleOf(error)}`
  }
  return `${wanted}, not ${node.kind === 'List' ? 'a list' : node.kind === 'Map' ? 'a map of fields' : 'empty'}${exampleOf(error)}`
}

const LONGEST_EXAMPLE = 80

/** A list or a map as it may be written, where a short one is known. */
function exampleOf({ parentSchema, params }: ErrorObject): string {
  const [example] = ((parentSchema ?? {}) as { examples?: unknown[] }).examples ?? []
  if (params.type !== 'array' && params.type !== 'object') return ''
  const text = typeof example === 'object' && example !== null ? JSON.stringify(example) : ''
  return text === '' || text.length > LONGEST_EXAMPLE ? '' : `; write it as in ${text}`
}

function describeValue(error: ErrorObject, node: SourceNode): string {
  switch (error.keyword) {
    case 'enum': {
      const allowed = (error.params.allowedValues as unknown[]).filter((value) => value !== null && value !== '').map(String)
      const near = typeof node.json === 'string' ? nearestName(node.json, allowed) : null
      return `must be one of ${allowed.join(', ')}${near === null ? '' : `; did you mean "${near}"?`}`
    }
    case 'const':
      return `must be ${excerpt(error.params.allowedValue)}, not ${excerpt(node.json)}`
    case 'pattern': {
      if (error.parentSchema?.['form'] === 'quantity') return describeQuantity(node.json)
      const { description, examples, patternErrorMessage } = error.parentSchema as {
        description?: string
        examples?: string[]
        patternErrorMessage?: string
      }
      if (patternErrorMessage !== undefined) return `${patternErrorMessage}, not ${excerpt(node.json)}`
      return `is written wrong: ${excerpt(node.json)}. ${description ?? ''}${examples ? ` Such as ${examples.join(', ')}.` : ''}`
    }
    case 'minimum':
    case 'maximum': {
      const { minimum, maximum, form } = error.parentSchema as { minimum?: number; maximum?: number; form?: string }
      const shown = excerpt(node.json)
      if (form === 'mode') return `must be a file mode from 0 to 0777${octalAdvice(node.json)}`
      if (minimum !== undefined && maximum !== undefined) return `must be from ${minimum} to ${maximum}, not ${shown}`
      return `must be at ${minimum === undefined ? 'most' : 'least'} ${String(error.params.limit)}, not ${shown}`
    }
    case 'maxLength':
      return `must have at most ${String(error.params.limit)} characters`
    case 'maxItems':
      return `must have at most ${String(error.params.limit)} items`
    case 'minLength':
    case 'minItems':
      return 'must not be empty'
    default:
      return error.message ?? 'is not valid'
  }
}

/** Modes are written in octal, which a leading 0 says: `700` is 01274. */
function octalAdvice(value: unknown): string {
  const isMeantAsOctal = typeof value === 'number' && /^[0-7]{1,3}$/.test(String(value))
  return isMeantAsOctal ? `; write 0${String(value)}: without the 0 the number is not octal` : `, not ${excerpt(value)}`
}
