import { excerpt } from '../excerpt.ts'
import { didYouMean } from '../near-names.ts'
import type { Finding } from '../problem.ts'
import { childOf, itemsOf, textOf } from '../source/source-node.ts'
import type { StepSource } from '../workflow-source.ts'
import type { WorkflowRule } from './rule.ts'

/** `inputs` name steps that keep an output and have ended. */
export const inputWithoutOutput: WorkflowRule = {
  id: 'input-without-output',
  severity: 'error',
  check({ steps, finally: last }) {
    const all = [...steps, ...last]
    return all.flatMap((step) => {
      const list = step.field('inputs')?.value
      return itemsOf(list).flatMap((item) => {
        const node = item.kind === 'Map' ? childOf(item, 'step') : item
        const name = textOf(node)
        return node && name !== null ? checkInput(step, name, node.start, all) : []
      })
    })
  },
}

function checkInput(step: StepSource, name: string, at: number, all: readonly StepSource[]): Finding[] {
  const other = all.find((candidate) => candidate.name === (name.split('/', 1)[0] ?? name))
  if (!other)
    return [
      {
        at,
        message: `there is no step ${excerpt(name)}${didYouMean(
          name,
          all.flatMap((one) => one.name ?? []),
        )}`,
      },
    ]
  const output = other.field('output')?.value.json
  if (output === undefined || output === false || output === null)
    return [{ at, message: `step ${excerpt(name)} keeps no output; add "output: true" there` }]
  if (step.list === 'finally' && other.list === 'steps') return []
  return isBefore(other, step) ? [] : [{ at, message: `step ${excerpt(name)} may not have ended here; add it to dependsOn` }]
}

/** Whether one step waits for the other, near or far. */
function isBefore(other: StepSource, step: StepSource): boolean {
  const byName = new Map(step.siblings.map((sibling) => [sibling.name, sibling]))
  const queue = [step]
  const seen = new Set(queue)
  for (const waiting of queue) {
    for (const { step: name } of waiting.dependencies) {
      const next = byName.get(name.split('/', 1)[0] ?? name)
      if (next === other) return true
      if (next && !seen.has(next)) {
        seen.add(next)
        queue.push(next)
      }
    }
  }
  return false
}
