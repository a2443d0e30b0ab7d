import { judgeAsk } from '../definitions/policy/judge-ask.ts'
import type { Ask } from '../definitions/policy/pod-asks.ts'
import { podAsks } from '../definitions/policy/pod-asks.ts'
import type { Policy } from '../definitions/policy/policy.ts'
import { restrictPod } from '../definitions/policy/restrict-pod.ts'
import type { Job } from './objects.ts'
import { NAMESPACE_ANNOTATION } from './render-job.ts'

/** What the policy says to a Job that is about to be made. */
export type Admission = { kind: 'Admitted'; job: Job } | { kind: 'Refused'; message: string }

/** The most that a message says. */
const MOST_REASONS = 3

/**
 * Judges a Job once more before it is made: the policy may have changed since its definition was checked, and only now is known what
 * expressions have become. With the level `restricted` it gets what that demands.
 */
export function admitJob(policy: Policy, job: Job): Admission {
  const { template } = job.spec
  const namespace = job.metadata.annotations?.[NAMESPACE_ANNOTATION]
  const asks: Ask[] = namespace === undefined ? [] : [{ kind: 'Namespace', name: namespace, path: ['metadata', 'namespace'] }]
  const refused = [...asks, ...podAsks(template.spec, template.metadata?.annotations)].flatMap((ask) => {
    const refusal = judgeAsk(policy, ask)
    return refusal?.severity === 'error' ? [refusal.message] : []
  })
  if (refused.length > 0) {
    const more = refused.length > MOST_REASONS ? [`${refused.length - MOST_REASONS} more`] : []
    return { kind: 'Refused', message: [...refused.slice(0, MOST_REASONS), ...more].join('; ') }
  }
  if (policy.podSecurity !== 'restricted') return { kind: 'Admitted', job }
  return { kind: 'Admitted', job: { ...job, spec: { ...job.spec, template: { ...template, spec: restrictPod(template.spec) } } } }
}
