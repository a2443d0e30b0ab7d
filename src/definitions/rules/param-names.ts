import { excerpt } from '../excerpt.ts'
import { paramVariable } from '../param-variable.ts'
import type { Finding } from '../problem.ts'
import { childOf, entriesOf } from '../source/source-node.ts'
import type { WorkflowRule } from './rule.ts'

const NAME = /^[A-Za-z][A-Za-z0-9_-]{0,62}$/

/** Names of parameters become names of environment variables. */
export const invalidParamName: WorkflowRule = {
  id: 'invalid-name',
  severity: 'error',
  check: ({ spec }) =>
    entriesOf(childOf(spec, 'params')).flatMap(([name, { key }]) => {
      if (NAME.test(name)) return []
      return [{ at: key.start, message: `the parameter ${excerpt(name)} must start with a letter and hold at most 63 letters, digits, "-" and "_"` }]
    }),
}

/** Two parameters whose environment variables are the same. */
export const paramCollision: WorkflowRule = {
  id: 'param-collision',
  severity: 'error',
  check({ spec }) {
    const owners = new Map<string, string>()
    const findings: Finding[] = []
    for (const [name, { key }] of entriesOf(childOf(spec, 'params'))) {
      const variable = paramVariable(name)
      const owner = owners.get(variable)
      if (owner === undefined) owners.set(variable, name)
      else if (NAME.test(name))
        findings.push({ at: key.start, message: `${excerpt(name)} and ${excerpt(owner)} would both be ${variable}; rename one` })
    }
    return findings
  },
}
