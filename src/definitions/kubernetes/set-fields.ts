import { holdsExpression } from '../expressions/template.ts'
import { entryOf, textOf, type SourceEntry, type SourceNode } from '../source/source-node.ts'

/** The field when it says something: null, and a list without items, are as good as absent to Kubernetes. */
export function setField(node: SourceNode | undefined, name: string): SourceEntry | undefined {
  const entry = entryOf(node, name)
  const isEmpty = entry?.value.json === null || (entry?.value.kind === 'List' && entry.value.items.length === 0)
  return isEmpty ? undefined : entry
}

/** Those of the fields that say something, in the order of `names`. */
export function setFields(node: SourceNode | undefined, names: readonly string[]): { name: string; entry: SourceEntry }[] {
  return names.flatMap((name) => {
    const entry = setField(node, name)
    return entry ? [{ name, entry }] : []
  })
}

/** Whether nothing is known of a value before the run. */
export function isExpression(node: SourceNode | undefined): boolean {
  const text = textOf(node)
  return text !== null && holdsExpression(text)
}

/** A text that is there and known. */
export function knownText(node: SourceNode | undefined): string | null {
  const text = textOf(node)
  return text === null || text === '' || holdsExpression(text) ? null : text
}

/** A number that is there and known. */
export function numberOf(node: SourceNode | undefined): number | null {
  return node?.kind === 'Scalar' && typeof node.json === 'number' ? node.json : null
}
