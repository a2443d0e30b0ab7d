import { excerpt } from '../excerpt.ts'
import type { Finding } from '../problem.ts'
import type { WorkflowRule } from './rule.ts'

/** A step's name says which Job is its own, so no two steps have the same, `finally` included. */
export const duplicateStep: WorkflowRule = {
  id: 'duplicate-step',
  severity: 'error',
  check({ document, steps, finally: last }) {
    const lines = new Map<string, number>()
    const findings: Finding[] = []
    for (const { name, at } of [...steps, ...last]) {
      if (name === null) continue
      const first = lines.get(name)
      if (first === undefined) lines.set(name, document.positionAt(at).line)
      else findings.push({ at, message: `a step ${excerpt(name)} is in line ${first} already; choose another name` })
    }
    return findings
  },
}
