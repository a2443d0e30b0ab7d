import type { Finding } from '../problem.ts'
import { childOf, entriesOf, type SourceNode } from '../source/source-node.ts'
import type { Param } from '../workflow.ts'
import type { WorkflowSource } from '../workflow-source.ts'

/** A declared parameter as written. `type` is `string` where none is written. */
export interface ParamSource {
  name: string
  /** Where its name stands. */
  at: number
  node: SourceNode
  type: Param['type']
}

/** What a check finds in the parameters that the schema has nothing against. */
export function checkEachParam({ spec, isDamaged }: WorkflowSource, check: (param: ParamSource) => Finding[]): Finding[] {
  return entriesOf(childOf(spec, 'params')).flatMap(([name, { key, value }]) => {
    if (isDamaged(value)) return []
    const type = (childOf(value, 'type')?.json ?? 'string') as Param['type']
    return check({ name, at: key.start, node: value, type })
  })
}
