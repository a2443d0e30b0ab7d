import { judgeAsk } from '../policy/judge-ask.ts'
import type { PlacedAsk } from '../policy/place-asks.ts'
import type { Policy } from '../policy/policy.ts'
import type { Diagnostic } from '../workflow.ts'
import type { Linkage, LinkedWorkflow } from './linker.ts'

/** What the Repository's policy says against a workflow's steps and the manifests that they name. An error makes the workflow invalid. */
export function checkPolicy(workflow: LinkedWorkflow, { manifests, policy, invalid, memory }: Linkage): readonly Diagnostic[] {
  if (policy === null) return []
  const files = workflow.references.flatMap(({ path }) => {
    const found = manifests.get(path) ?? { kind: 'Missing' }
    if (found.kind === 'Missing') return []
    return found.kind === 'File' ? [found.file] : found.files
  })
  const own = memory.asks.of(workflow, policy, () => judge(policy, workflow.file, workflow.asks))
  const found = [...own, ...files.flatMap(({ path, analysis }) => (analysis.job ? judge(policy, path, analysis.asks) : []))]
  if (found.some(({ severity }) => severity === 'error')) invalid.add(workflow)
  return found
}

/** What the policy says against what a file asks for. */
export function judge(policy: Policy, file: string, asks: readonly PlacedAsk[]): Diagnostic[] {
  return asks.flatMap(({ ask, at }) => {
    const refusal = judgeAsk(policy, ask)
    return refusal === null ? [] : [{ file, ...at, ...refusal }]
  })
}
