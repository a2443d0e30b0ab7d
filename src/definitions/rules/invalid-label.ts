import { excerpt } from '../excerpt.ts'
import type { Finding } from '../problem.ts'
import { childOf, entriesOf, textOf, type SourceEntry } from '../source/source-node.ts'
import type { DocumentRule } from './rule.ts'

const VALUE = /^(|[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)$/
const PREFIX = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/
const OWN = /^fusee\.dev\/|^app\.kubernetes\.io\/managed-by$/

/** Labels go onto every Job: Kubernetes would refuse wrong ones there, run after run. */
export const invalidLabel: DocumentRule = {
  id: 'invalid-label',
  severity: 'error',
  check: (document) => entriesOf(childOf(document.root, 'metadata', 'labels')).flatMap(([key, entry]) => checkLabel(key, entry)),
}

function checkLabel(key: string, entry: SourceEntry): Finding[] {
  if (OWN.test(key)) return [{ at: entry.key.start, message: `the label ${excerpt(key)} is set by Fusee itself; take it out` }]
  if (!isKey(key))
    return [
      {
        at: entry.key.start,
        message: `${excerpt(key)} is no label key of Kubernetes: an optional DNS prefix and "/", then at most 63 letters, digits, "-", "_" and "."`,
      },
    ]
  const value = textOf(entry.value)
  if (value === null || VALUE.test(value)) return []
  return [
    {
      at: entry.value.start,
      message: `${excerpt(value)} is no label value of Kubernetes: at most 63 letters, digits, "-", "_" and ".", with a letter or digit at both ends`,
    },
  ]
}

function isKey(key: string): boolean {
  const parts = key.split('/')
  const name = parts.pop() ?? ''
  return parts.length <= 1 && parts.every((prefix) => PREFIX.test(prefix)) && name !== '' && VALUE.test(name)
}
