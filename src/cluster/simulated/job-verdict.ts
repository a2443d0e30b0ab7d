import type { Pod, StoredJob } from '../../runs/objects.ts'
import { isPodEnded } from '../../runs/ends.ts'
import { exitCodeOf, isDisrupted } from './pods.ts'

/** What the Job controller makes of a Job's pods: wait for those that run, make new ones, or end the Job. */
export type JobVerdict =
  | { kind: 'Open'; succeeded: number; failed: number; missingPods: number }
  | { kind: 'Complete'; succeeded: number; failed: number }
  | { kind: 'Failed'; succeeded: number; failed: number; reason: string; message: string }

/** One rule of `spec.podFailurePolicy`. */
interface FailureRule {
  action: 'FailJob' | 'Ignore' | 'Count' | 'FailIndex'
  onExitCodes?: { operator: 'In' | 'NotIn'; values: number[] }
  onPodConditions?: { type: string; status?: string }[]
}

/**
 * Judges a Job by its pods as Kubernetes' Job controller does: completions, parallelism, backoffLimit (default 6),
 * podFailurePolicy. Pods that were lost do not count unless a rule says so: what every cluster owes to Fusee's Jobs.
 */
export function judgeJob(job: StoredJob, pods: readonly Pod[]): JobVerdict {
  const rules = ((job.spec['podFailurePolicy'] as { rules?: FailureRule[] } | undefined)?.rules ?? []) satisfies FailureRule[]
  const completions = job.spec.completions ?? 1
  const succeeded = pods.filter((pod) => pod.status.phase === 'Succeeded').length
  const actions = pods.filter((pod) => pod.status.phase === 'Failed').map((pod) => actionFor(pod, rules))
  const failed = actions.filter((action) => action !== 'Ignore').length

  if (actions.includes('FailJob')) return { kind: 'Failed', succeeded, failed, reason: 'PodFailurePolicy', message: 'A pod matched a FailJob rule' }
  if (succeeded >= completions) return { kind: 'Complete', succeeded, failed }
  if (failed > (job.spec.backoffLimit ?? 6)) {
    return { kind: 'Failed', succeeded, failed, reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' }
  }
  const active = pods.filter((pod) => !isPodEnded(pod)).length
  const wantedActive = job.spec.suspend === true ? 0 : Math.min(job.spec.parallelism ?? 1, completions - succeeded)
  return { kind: 'Open', succeeded, failed, missingPods: Math.max(0, wantedActive - active) }
}

function actionFor(pod: Pod, rules: readonly FailureRule[]): FailureRule['action'] {
  return rules.find((rule) => isMatch(pod, rule))?.action ?? (isDisrupted(pod) ? 'Ignore' : 'Count')
}

function isMatch(pod: Pod, rule: FailureRule): boolean {
  if (rule.onPodConditions?.some(({ type }) => type === 'DisruptionTarget') === true) return isDisrupted(pod)
  const code = exitCodeOf(pod)
  if (rule.onExitCodes === undefined || code === null || code === 0) return false
  return rule.onExitCodes.values.includes(code) === (rule.onExitCodes.operator === 'In')
}
