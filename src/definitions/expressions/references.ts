import { excerpt } from '../excerpt.ts'
import { didYouMean } from '../near-names.ts'
import type { ExpressionScope, ExpressionType, RecordType } from './expression-type.ts'
import { boundName, childrenOf, type ExpressionNode } from './syntax-tree.ts'

/** What an expression names: a variable and fields below it, as far as they are written out. */
export interface Reference {
  path: { name: string; at: number }[]
}

/** What is wrong within an expression; `at` counts from its start. */
export interface ExpressionFault {
  at: number
  message: string
}

/** Every variable that is used, with its fields; names that a call such as `map` binds are none. */
export function findReferences(root: ExpressionNode): Reference[] {
  const found: Reference[] = []
  visit(root, new Set())
  return found

  function visit(node: ExpressionNode, bound: ReadonlySet<string>): void {
    const path = pathOf(node)
    if (path) {
      if (!bound.has(path[0]?.name ?? '')) found.push({ path })
      return
    }
    const name = boundName(node)
    const [first, ...others] = childrenOf(node)
    if (first) visit(first, bound)
    const inside = name === null ? bound : new Set([...bound, name])
    for (const other of others) visit(other, inside)
  }
}

/** `a.b["c"]` as a path; null for everything else. */
function pathOf(node: ExpressionNode): Reference['path'] | null {
  if (node.op === 'id') return [{ name: node.args, at: node.start }]
  if (node.op === '.') {
    const before = pathOf(node.args[0])
    return before && [...before, { name: node.args[1], at: node.end - node.args[1].length }]
  }
  if (node.op !== '[]') return null
  const before = pathOf(node.args[0])
  const [, index] = node.args
  return before && index.op === 'value' && typeof index.args === 'string' ? [...before, { name: index.args, at: index.start }] : null
}

/** What the first of the references that lead nowhere is to be instead. */
export function checkReferences(references: readonly Reference[], scope: ExpressionScope, text: string): ExpressionFault[] {
  for (const { path } of references) {
    let type: ExpressionType = { kind: 'Record', noun: 'variable', ...scope }
    for (const { name, at } of path) {
      if (type.kind !== 'Record') break
      const next: ExpressionType | undefined = Object.hasOwn(type.fields, name) ? type.fields[name] : undefined
      if (!next) return [{ at, message: describeUnknown(name, type, text.slice(at)) }]
      type = next
    }
  }
  return []
}

function describeUnknown(name: string, { noun, fields, others = [], whyNot }: RecordType, rest: string): string {
  const reason = whyNot?.(name) ?? null
  if (reason !== null) return reason
  const known = [...Object.keys(fields), ...others]
  const dashed = known.find((candidate) => candidate.includes('-') && rest.startsWith(candidate))
  if (dashed !== undefined)
    return `there is no ${noun} ${excerpt(name)}: "-" means minus here; write [${JSON.stringify(dashed)}] instead of .${dashed}`
  const near = didYouMean(name, known)
  return `there is no ${noun} ${excerpt(name)}${near || listKnown(Object.keys(fields), noun)}`
}

const MOST_LISTED = 12

function listKnown(known: readonly string[], noun: string): string {
  if (known.length === 0) return `; there is none here`
  return known.length <= MOST_LISTED ? `; each ${noun} here: ${known.join(', ')}` : ''
}

/**
 * The scope with nothing but what is used, which is what makes checking cheap. A record that is used as a whole, or by a name that is worked
 * out, becomes a map of anything.
 */
export function narrowScope(scope: ExpressionScope, references: readonly Reference[]): ExpressionScope {
  const record = narrow(
    { kind: 'Record', noun: '', ...scope },
    references.map(({ path }) => path.map(({ name }) => name)),
  )
  return record.kind === 'Record' ? record : scope
}

function narrow(type: ExpressionType, paths: readonly (readonly string[])[]): ExpressionType {
  if (type.kind !== 'Record') return type
  if (paths.some((path) => path.length === 0)) return { kind: 'Map', of: { kind: 'Any' } }
  const names = [...new Set(paths.flatMap(([name]) => name ?? []))].sort()
  const fields = names.map((name): [string, ExpressionType] => {
    const below = paths.filter(([first]) => first === name).map((path) => path.slice(1))
    return [name, narrow((Object.hasOwn(type.fields, name) ? type.fields[name] : undefined) ?? { kind: 'Any' }, below)]
  })
  return { kind: 'Record', noun: '', fields: Object.fromEntries(fields) }
}
