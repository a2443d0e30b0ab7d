import type { Json } from '../definitions/container.ts'
import { parseTemplate } from '../definitions/expressions/template.ts'
import type { Expansion } from '../definitions/workflow.ts'

/** Variables that may be others in the run that repeats a run, in the order of what is said of them below. */
const CHANGING = /(?<![.\w"'])(vars|trigger|run|repository)\b/

/**
 * Whether a rerun at the same commit, with the same params and results, expands a step to the same Jobs in the same order. Where its list is made of
 * what is the run's own (its trigger, its name) or the Repository's, nobody can say so before, and an index may come to mean something else.
 */
export function isSteadyList(expansion: Expansion): boolean {
  return !expressionsOf(expansion).some((text) => CHANGING.test(text))
}

function expressionsOf(expansion: Expansion): string[] {
  const lists =
    expansion.kind === 'ForEach' ? [expansion.items] : typeof expansion.values === 'string' ? [expansion.values] : Object.values(expansion.values)
  return lists.flatMap((list) => (typeof list === 'string' ? [list] : list.flatMap(expressionsIn)))
}

function expressionsIn(value: Json): string[] {
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(expressionsIn)
  if (typeof value !== 'string') return []
  const template = parseTemplate(value)
  return template.kind === 'Template' ? template.parts.flatMap((part) => (part.kind === 'Expression' ? [part.text] : [])) : []
}
