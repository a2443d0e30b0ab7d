import type { Finding } from '../problem.ts'
import { childOf, entryOf, type SourceNode } from '../source/source-node.ts'
import type { StepSource } from '../workflow-source.ts'
import type { WorkflowRule } from './rule.ts'

/** Fields of a JobSpec that are Fusee's own business. */
export const REFUSED_JOB_FIELDS: Readonly<Record<string, string>> = {
  ttlSecondsAfterFinished: 'Fusee removes Jobs itself, once their results are kept, and "retention" of the workflow says how long its runs stay',
  selector: 'Kubernetes chooses it for each Job',
  manualSelector: 'Kubernetes chooses the selector for each Job',
}

/** What Fusee makes of the step itself, so that it cannot be given as well. */
const REFUSED_STEP_FIELDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  job: { ...REFUSED_JOB_FIELDS, template: 'the step is the template; further fields of the pod go into "pod"' },
  pod: { containers: 'the step is the container; a sidecar is one of initContainers with restartPolicy: Always' },
}

/** Fields that Fusee owns. */
export const refusedField: WorkflowRule = {
  id: 'refused-field',
  severity: 'error',
  check({ steps, finally: last, defaults }) {
    const all = [...steps, ...last]
    const own = all.flatMap((step) => [
      ...checkOwned(step.node),
      ...checkBackoffLimit(childOf(step.node, 'job'), step.field('retries') !== undefined),
    ])
    const inherited = checkBackoffLimit(childOf(defaults, 'job'), all.some(hasRetries) || entryOf(defaults, 'retries') !== undefined)
    return [...own, ...checkOwned(defaults), ...inherited]
  },
}

function hasRetries(step: StepSource): boolean {
  return step.kind === 'Container' && step.own('retries') !== undefined
}

function checkOwned(node: SourceNode | undefined): Finding[] {
  return Object.entries(REFUSED_STEP_FIELDS).flatMap(([parent, fields]) => checkRefused(childOf(node, parent), parent, fields))
}

/** The fields of a map that are refused, each with its reason. */
export function checkRefused(node: SourceNode | undefined, parent: string, fields: Readonly<Record<string, string>>): Finding[] {
  return Object.entries(fields).flatMap(([field, reason]) => {
    const entry = entryOf(node, field)
    return entry ? [{ at: entry.key.start, message: `"${field}" of "${parent}" is refused: ${reason}; take it out` }] : []
  })
}

function checkBackoffLimit(job: SourceNode | undefined, besideRetries: boolean): Finding[] {
  return besideRetries ? checkRefused(job, 'job', { backoffLimit: '"retries" of the step says the same' }) : []
}
