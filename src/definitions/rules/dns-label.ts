import { excerpt } from '../excerpt.ts'
import { textOf, type SourceNode } from '../source/source-node.ts'
import type { Finding } from '../problem.ts'

/** Most characters of a label of Kubernetes. */
export const LONGEST_LABEL = 63

/** What is wrong with this as a DNS label; nothing when it is no text, which the schema says. */
export function checkDnsLabel(node: SourceNode | undefined, what: string): Finding[] {
  const text = textOf(node)
  if (text === null || node === undefined) return []
  if (text.length > LONGEST_LABEL)
    return [{ at: node.start, message: `${what} ${excerpt(text)} has ${text.length} characters; at most ${LONGEST_LABEL} are allowed` }]
  if (/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(text)) return []
  const proposal = proposeLabel(text)
  const message = `${what} ${excerpt(text)} may only hold lower-case letters, digits and "-", and not start or end with "-"`
  return [{ at: node.start, message: proposal ? `${message}; write ${excerpt(proposal)}` : message }]
}

function proposeLabel(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
}
