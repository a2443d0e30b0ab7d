import type { Json, JsonObject } from '../../definitions/container.ts'
import type { Evaluated } from '../../definitions/expressions/language.ts'
import { evaluateExpression, renderJson } from '../../definitions/expressions/render.ts'
import { formatTimestamp } from '../../clock.ts'
import type { Expansion } from '../../definitions/workflow.ts'
import type { Board, Entry } from './board.ts'
import { endStep, newEntry, replaceEntries } from './board.ts'
import { conditionEvaluation, failExpression } from './expressions.ts'
import { carriedOr } from './carry-over.ts'
import { observe } from './observe.ts'

/** Most entries of one run, expansions included. */
const MOST_EXPANDED_STEPS = 1000

/** What one expansion of a step stands for. */
export type ExpansionValue = { kind: 'Matrix'; matrix: JsonObject } | { kind: 'ForEach'; item: Json }

/**
 * Puts one entry for each combination or item in the place of a step. One without any has nothing to do, and has succeeded. What came
 * of a step that fails here: its list is no list, or the run would grow too large. Always changes something.
 */
export function expandStep(board: Board, entry: Entry): true {
  const values = expansionsOf(board, entry)
  const { name } = entry.step
  if (values.kind === 'Failed') {
    failExpression(board, entry, entry.step.expansion?.kind === 'Matrix' ? 'matrix' : 'forEach', values.message)
    return true
  }
  const others = board.entries.filter(({ status }) => status.kind !== 'Undo').length - 1
  const count = values.value.length
  if (others + count > MOST_EXPANDED_STEPS) {
    const message = `expands to ${count} steps, with the ${others} others more than the ${MOST_EXPANDED_STEPS} that a run may have: split the workflow`
    endStep(board, entry, { result: 'Failed', reason: 'TooManySteps', message })
  } else if (count === 0) {
    entry.status.startedAt = formatTimestamp(board.nowMs)
    endStep(board, entry, { result: 'Succeeded', reason: 'NothingToDo', message: 'its list is empty' })
  } else {
    const { kind } = entry.status
    const expanded = values.value.map((_, index) =>
      newEntry(board, carriedOr({ name: `${name}/${index}`, kind, state: 'Waiting', attempts: [] }, board.run.spec), entry.step),
    )
    replaceEntries(board, entry, expanded)
    for (const one of expanded) observe(board, one)
  }
  return true
}

/** What the expansions of a step stand for, in order. The same whenever it is asked, since what has ended does not change. */
export function expansionsOf(board: Board, entry: Entry): Evaluated<ExpansionValue[]> {
  const { expansion, name } = entry.step
  if (expansion === null) return { kind: 'Value', value: [] }
  const known = board.expansions.get(name)
  if (known !== undefined) return known
  const made = expansion.kind === 'ForEach' ? itemsOf(board, entry, expansion) : combinationsOf(board, entry, expansion)
  board.expansions.set(name, made)
  return made
}

function itemsOf(board: Board, entry: Entry, { items }: Extract<Expansion, { kind: 'ForEach' }>): Evaluated<ExpansionValue[]> {
  const list = listOf(board, entry, items)
  return list.kind === 'Failed' ? list : { kind: 'Value', value: list.value.map((item) => ({ kind: 'ForEach', item })) }
}

/** The first key changes slowest. Stops growing soon after there are too many. */
function combinationsOf(board: Board, entry: Entry, { values }: Extract<Expansion, { kind: 'Matrix' }>): Evaluated<ExpansionValue[]> {
  const lists = typeof values === 'string' ? mapOf(board, entry, values) : ({ kind: 'Value', value: values } as const)
  if (lists.kind === 'Failed') return lists
  let combinations: JsonObject[] = [{}]
  for (const [key, written] of Object.entries(lists.value)) {
    const list = listOf(board, entry, written)
    if (list.kind === 'Failed') return { kind: 'Failed', message: `${key}: ${list.message}` }
    combinations = combinations.flatMap((one) => list.value.map((value) => ({ ...one, [key]: value })))
    if (combinations.length > MOST_COMBINATIONS) return { kind: 'Failed', message: `comes to more than ${MOST_COMBINATIONS} combinations` }
  }
  return { kind: 'Value', value: combinations.map((matrix) => ({ kind: 'Matrix', matrix })) }
}

/** Far more than a run may have; only to bound the work before that is told. */
const MOST_COMBINATIONS = 100_000

/** A list of values that may hold expressions, or an expression for a list. */
function listOf(board: Board, entry: Entry, written: Json): Evaluated<Json[]> {
  const evaluation = conditionEvaluation(board, entry)
  const result = typeof written === 'string' ? evaluateExpression(written, evaluation) : renderJson(written, evaluation, { wantsText: () => false })
  if (result.kind === 'Failed') return result
  if (Array.isArray(result.value)) return { kind: 'Value', value: result.value }
  return { kind: 'Failed', message: `comes to ${shown(result.value)}, not to a list` }
}

function mapOf(board: Board, entry: Entry, expression: string): Evaluated<Record<string, Json>> {
  const result = evaluateExpression(expression, conditionEvaluation(board, entry))
  if (result.kind === 'Failed') return result
  const { value } = result
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { kind: 'Value', value }
  return { kind: 'Failed', message: `comes to ${shown(value)}, not to a map of lists` }
}

function shown(value: Json): string {
  const text = JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
