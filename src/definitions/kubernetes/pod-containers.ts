import type { Finding } from '../problem.ts'
import { childOf } from '../source/source-node.ts'
import type { ContainerView, JobView } from './job-view.ts'
import { isExpression, knownText, numberOf, setField } from './set-fields.ts'

/** Seconds that a pod has to end when it does not say. */
const GRACE_SECONDS = 30

/** Probes and hooks, where they may stand and what they may say; containers for pods that run. */
export function checkContainers({ pod, containers }: JobView): Finding[] {
  const grace = childOf(pod, 'terminationGracePeriodSeconds')
  const seconds = grace ? numberOf(grace) : GRACE_SECONDS
  const late = setField(pod, 'ephemeralContainers')
  const found = late ? [{ at: late.key.start, message: '"ephemeralContainers" are put into pods that run; take them out' }] : []
  return containers
    .flatMap((container): Finding[] => [
      ...(isOneShot(container) ? checkOneShot(container) : [...checkProbes(container), ...checkHooks(container, seconds)]),
    ])
    .concat(found)
}

/** An init container that ends before the next begins; with `restartPolicy: Always` it is a sidecar. */
function isOneShot({ node, isInit }: ContainerView): boolean {
  const policy = childOf(node, 'restartPolicy')
  return isInit && !isExpression(policy) && knownText(policy) !== 'Always'
}

function checkOneShot({ node }: ContainerView): Finding[] {
  return ['livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle'].flatMap((field) => {
    const entry = setField(node, field)
    return entry
      ? [{ at: entry.key.start, message: `an init container has no "${field}" unless it is a sidecar with restartPolicy: Always; take it out` }]
      : []
  })
}

function checkProbes({ node }: ContainerView): Finding[] {
  const thresholds = ['livenessProbe', 'startupProbe'].flatMap((field): Finding[] => {
    const threshold = childOf(node, field, 'successThreshold')
    const number = numberOf(threshold)
    // 0 is as good as absent.
    return threshold && number !== null && number > 1 ? [{ at: threshold.start, message: `"successThreshold" of "${field}" must be 1` }] : []
  })
  const grace = setField(childOf(node, 'readinessProbe'), 'terminationGracePeriodSeconds')
  return grace
    ? [...thresholds, { at: grace.key.start, message: 'a readinessProbe ends nothing, so it has no "terminationGracePeriodSeconds"; take it out' }]
    : thresholds
}

function checkHooks({ node }: ContainerView, graceSeconds: number | null): Finding[] {
  return ['postStart', 'preStop'].flatMap((hook): Finding[] => {
    const seconds = childOf(node, 'lifecycle', hook, 'sleep', 'seconds')
    const number = numberOf(seconds)
    if (!seconds || number === null || graceSeconds === null || number <= graceSeconds) return []
    return [
      {
        at: seconds.start,
        message: `"sleep" of ${number} s is longer than the pod has to end, ${graceSeconds} s; raise terminationGracePeriodSeconds`,
      },
    ]
  })
}
