import type { Finding } from '../problem.ts'
import { childOf, itemsOf, type SourceNode } from '../source/source-node.ts'
import { knownText, numberOf, setFields } from './set-fields.ts'

/** What is wrong with a Job's successPolicy; `completions` is how many indexes it has, null when that is not known. */
export function checkSuccessPolicy(policy: SourceNode | undefined, completions: number | null): Finding[] {
  return itemsOf(childOf(policy, 'rules')).flatMap((rule) => checkRule(rule, completions))
}

function checkRule(rule: SourceNode, completions: number | null): Finding[] {
  if (rule.kind !== 'Map') return []
  if (setFields(rule, ['succeededIndexes', 'succeededCount']).length === 0) {
    return [{ at: rule.start, message: 'a rule of successPolicy needs "succeededIndexes", "succeededCount" or both' }]
  }
  const indexes = childOf(rule, 'succeededIndexes')
  const text = knownText(indexes)
  const named = text === null ? null : countIndexes(text, completions)
  const count = childOf(rule, 'succeededCount')
  const most = Math.min(named?.count ?? Infinity, completions ?? Infinity)
  return [
    ...(indexes && named?.fault ? [{ at: indexes.start, message: `"succeededIndexes" ${named.fault}` }] : []),
    ...(count && (numberOf(count) ?? 0) > most
      ? [{ at: count.start, message: `"succeededCount" must be at most ${most}, the number of indexes` }]
      : []),
  ]
}

/** How many indexes `1,3-5` names, or what is wrong with it. */
function countIndexes(text: string, completions: number | null): { count: number | undefined; fault?: string } {
  let last = -1
  let count = 0
  for (const part of text.split(',')) {
    const [, from, to = from] = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(part) ?? []
    if (from === undefined || to === undefined) return { count: undefined, fault: 'is written as in 1,3-5,7' }
    const [first, end] = [Number(from), Number(to)]
    if (first <= last || end < first || (part.includes('-') && end === first))
      return { count: undefined, fault: 'must name ascending indexes, each once' }
    if (completions !== null && end >= completions) return { count: undefined, fault: `goes beyond the last index, ${completions - 1}` }
    last = end
    count += end - first + 1
  }
  return { count }
}
