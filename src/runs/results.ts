import type { ValueType } from '../definitions/workflow.ts'
import { checkParamValue } from '../definitions/param-value.ts'
import { didYouMean } from '../definitions/near-names.ts'
import type { JobObservation, Pod } from './objects.ts'
import { mainContainer } from './pod-containers.ts'

/** Most bytes that a step may write as results. Kubernetes keeps no more of a container's termination message, and cuts the beginning off. */
export const MOST_RESULT_BYTES = 4096

/** What a step that succeeded has left. `Pending`: its pod is still to be seen ending. */
export type FoundResults =
  { kind: 'Pending' } | { kind: 'Results'; values: Record<string, unknown> } | { kind: 'Wrong'; reason: string; message: string }

/** The declared results of a step whose Job succeeded: what the main container of its last pod wrote as its termination message. */
export function resultsOf(observation: JobObservation, declared: Readonly<Record<string, ValueType>>): FoundResults {
  if (Object.keys(declared).length === 0) return { kind: 'Results', values: {} }
  const { pods } = observation
  const pod = pods.findLast(({ status }) => status.phase === 'Succeeded')
  if (pod === undefined) {
    const isOpen = pods.some(({ status }) => status.phase !== 'Failed')
    return isOpen ? { kind: 'Pending' } : { kind: 'Wrong', reason: 'ResultsLost', message: 'its pod is gone, and its results with it' }
  }
  return parseResults(messageOf(pod), declared)
}

/** Reads `key=value` lines and JSON objects, a line each or as a whole; later ones win. All that is declared must be there, and nothing else. */
export function parseResults(text: string, declared: Readonly<Record<string, ValueType>>): FoundResults {
  const bytes = Buffer.byteLength(text)
  const tooLarge: FoundResults = { kind: 'Wrong', reason: 'ResultsTooLarge', message: `wrote more than ${MOST_RESULT_BYTES} bytes of results` }
  if (bytes > MOST_RESULT_BYTES) return tooLarge
  const found = readEntries(text, declared)
  const problem = found.kind === 'Wrong' ? found.message : problemWith(found.values, declared)
  if (problem === null) return found
  // A cluster that cuts leaves exactly this much: then what is wrong is that the beginning is missing.
  return bytes === MOST_RESULT_BYTES ? tooLarge : { kind: 'Wrong', reason: 'ResultsInvalid', message: problem }
}

function messageOf(pod: Pod): string {
  return mainContainer(pod)?.state?.terminated?.message ?? ''
}

type Entries = { kind: 'Results'; values: Record<string, unknown> } | { kind: 'Wrong'; reason: string; message: string }

function readEntries(text: string, declared: Readonly<Record<string, ValueType>>): Entries {
  const whole = asObject(text)
  if (whole !== null) return { kind: 'Results', values: whole }
  const values = new Map<string, unknown>()
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue
    const object = line.startsWith('{') ? asObject(line) : null
    if (object !== null) {
      for (const [key, value] of Object.entries(object)) values.set(key, value)
      continue
    }
    const split = line.indexOf('=')
    if (split < 1)
      return { kind: 'Wrong', reason: 'ResultsInvalid', message: `wrote the result ${show(line)}, which is neither key=value nor a JSON object` }
    const key = line.slice(0, split).trim()
    values.set(key, valueOf(declared[key], line.slice(split + 1).replace(/\r$/, '')))
  }
  return { kind: 'Results', values: Object.fromEntries(values) }
}

function problemWith(values: Record<string, unknown>, declared: Readonly<Record<string, ValueType>>): string | null {
  const names = Object.keys(declared)
  for (const [key, value] of Object.entries(values)) {
    const type = Object.hasOwn(declared, key) ? declared[key] : undefined
    if (type === undefined) return `wrote the result ${show(key)}, which is not declared${didYouMean(key, names)}`
    const wrong = checkParamValue({ type, required: true }, value)
    if (wrong !== null) return `result ${key} ${wrong}`
  }
  const missing = names.find((name) => !Object.hasOwn(values, name))
  return missing === undefined ? null : `did not write its result ${missing}`
}

/** Text stays as it is, all else is JSON; what is none of that type is left for the check. */
function valueOf(type: ValueType | undefined, text: string): unknown {
  if (type === 'string' || type === undefined) return text
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}

function asObject(text: string): Record<string, unknown> | null {
  try {
    const value = JSON.parse(text) as unknown
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}

function show(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text)
}
