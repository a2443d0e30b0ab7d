import type { Workflow } from '../definitions/workflow.ts'
import { forbidden, isOfGroup, queueFull } from '../runs/admission.ts'
import { createRunObject } from '../runs/create-run.ts'
import type { ObjectRef } from '../runs/objects.ts'
import type { StoredRun } from '../runs/run.ts'
import type { RunExpressions } from '../runs/run-values.ts'
import { resolveParams } from '../triggers/params.ts'
import type { RunRequest } from '../triggers/run-request.ts'
import { groupTextOf } from './pin-definition.ts'

/** What the last judgement of ticks, `concurrency`, depends on. */
export interface RefusalInput {
  repository: ObjectRef
  /** All Runs of the Repository. */
  runs: readonly StoredRun[]
  workflowOf: (name: string) => Workflow | undefined
  expressions: RunExpressions
}

/**
 * Why ticks are Skipped by their workflow's `concurrency`; null for one that gets its run. To be asked for all ticks that are judged together, in
 * their order: each that gets a run is in the way of those after it. What cannot be told here (params that are wrong, say) is for the run to say.
 */
export function createRefusals({ repository, runs, workflowOf, expressions }: RefusalInput): (request: RunRequest) => string | null {
  const granted = new Map<string, string[]>()
  return (request) => {
    const workflow = workflowOf(request.workflow)
    const { policy, limit } = workflow?.concurrency ?? { policy: 'Allow', limit: 0 }
    if (workflow === undefined || policy === 'Allow' || policy === 'Replace') return null
    const run = createRunObject(repository, request)
    const params = resolveParams(workflow.params, request.params)
    const group = params.kind === 'Valid' ? groupTextOf(workflow, run, params.values, expressions) : null
    if (group?.kind !== 'Value') return null
    const others = runs.filter((other) => other.metadata.name !== run.metadata.name && isInTheWay(other, workflow.name, group.value))
    const key = `${workflow.name} ${group.value}`
    const names = [...others.map(({ metadata }) => metadata.name), ...(granted.get(key) ?? [])]
    const [first] = names
    if (policy === 'Forbid' && first !== undefined) return forbidden(first)
    if (policy === 'Queue' && names.length > limit) return queueFull(names.length - 1)
    granted.set(key, [...(granted.get(key) ?? []), run.metadata.name])
    return null
  }
}

/** Of the group and not at its end, or of a workflow without groups and not yet looked at. */
function isInTheWay(run: StoredRun, workflow: string, group: string): boolean {
  return isOfGroup(run, workflow, group) || (group === '' && run.spec.workflow === workflow && run.status === undefined)
}
