import type { Finding } from '../problem.ts'
import { childOf, entryOf, type SourceNode } from '../source/source-node.ts'
import type { StepSource } from '../workflow-source.ts'
import type { WorkflowRule } from './rule.ts'

/** Fields that say how the Job of a step is made, or what comes of it. */
const OF_JOBS = ['results', 'undo', 'matrix', 'forEach', 'retries', 'startTimeout', 'pod', 'job']

const id = 'no-effect'
const severity = 'warning'

/** Fields that are right by themselves, and do nothing where they stand. */
export const noEffect: WorkflowRule = { id, severity, check: ({ spec }) => checkConcurrency(childOf(spec, 'concurrency')) }

/** Such fields of steps. */
export const noEffectInStep: WorkflowRule = { id, severity, check: ({ steps, finally: last }) => [...steps, ...last].flatMap(checkStep) }

function checkConcurrency(node: SourceNode | undefined): Finding[] {
  const policy = childOf(node, 'policy')?.json ?? 'Allow'
  const limit = policy === 'Queue' ? undefined : entryOf(node, 'limit')
  const group = policy === 'Allow' ? entryOf(node, 'group') : undefined
  return [
    ...(limit ? [{ at: limit.key.start, message: '"limit" has no effect without "policy: Queue": nothing else waits in a line' }] : []),
    ...(group ? [{ at: group.key.start, message: '"group" has no effect with the policy Allow, which lets all runs in; set "policy"' }] : []),
  ]
}

function checkStep(step: StepSource): Finding[] {
  const { kind, list } = step
  const most = step.own('maxParallel')
  const isExpanded = step.field('matrix') !== undefined || step.field('forEach') !== undefined
  const undo = list === 'finally' && kind !== 'Join' ? step.own('undo') : undefined
  return [
    ...(kind === 'Join' || kind === 'Approval' ? checkWithoutJob(step) : []),
    ...(undo
      ? [{ at: undo.key.start, message: '"undo" has no effect in "finally", which runs when all else, undos too, has ended; take it out' }]
      : []),
    ...(most && !isExpanded
      ? [{ at: most.key.start, message: '"maxParallel" of a step has no effect without "matrix" or "forEach"; take it out' }]
      : []),
  ]
}

function checkWithoutJob({ kind, own }: StepSource): Finding[] {
  const reason = kind === 'Join' ? 'this step runs nothing; give it a script, an image or a manifest' : 'an approval runs nothing; take it out'
  return OF_JOBS.flatMap((field) => {
    // Of an approval that is an error of its own.
    const entry = kind === 'Approval' && field === 'undo' ? undefined : own(field)
    return entry ? [{ at: entry.key.start, message: `"${field}" has no effect: ${reason}` }] : []
  })
}
