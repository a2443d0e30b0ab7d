import { formatTimestamp } from '../../clock.ts'
import type { ContainerStatus, Pod, StoredJob, StoredMeta } from '../../runs/objects.ts'
import { containersOf } from './launch.ts'
import type { PodFacts } from './pod-facts.ts'
import type { PodView } from './plan-job.ts'

/** What is fixed about a pod from its start: the content of its `pod.json`. */
export interface PodManifest {
  metadata: StoredMeta
  /** Why it never ran; null for one that was started. */
  startError: { reason: string; message: string } | null
}

/** How a pod has ended. `Lost`: without exit codes that decide it. */
export type PodOutcome = 'Succeeded' | 'Failed' | 'Lost'

/** Exit code and reason that Kubernetes shows for a container whose end nobody saw. */
const UNSEEN = { exitCode: 137, reason: 'ContainerStatusUnknown' }

/** How the pod has ended; null while it is live. */
export function outcomeOf(job: StoredJob, manifest: PodManifest, facts: PodFacts): PodOutcome | null {
  if (manifest.startError !== null) return 'Failed'
  if (facts.lostAtMs !== null) return 'Lost'
  if (facts.doneAtMs === null) return null
  return isDecided(job, facts) === 'Succeeded' ? 'Succeeded' : 'Failed'
}

/** What the exit codes alone say; null when they do not decide. */
export function isDecided(job: StoredJob, facts: PodFacts): 'Succeeded' | 'Failed' | null {
  const containers = containersOf(job.spec.template.spec)
  const codes = containers.map((_, index) => facts.ended.get(index)?.exitCode)
  if (containers.some(({ isInit }, index) => isInit && (codes[index] ?? 0) !== 0)) return 'Failed'
  if (codes.some((code) => code === undefined)) return null
  return codes.every((code) => code === 0) ? 'Succeeded' : 'Failed'
}

/** The pod as the Job's plan sees it. */
export function viewPod(job: StoredJob, manifest: PodManifest, facts: PodFacts, endedAtMs: number | null): PodView {
  const outcome = outcomeOf(job, manifest, facts)
  if (outcome === null || endedAtMs === null) return { kind: 'Live' }
  if (outcome === 'Succeeded') return { kind: 'Succeeded', endedAtMs }
  const names = containersOf(job.spec.template.spec).map(({ name }) => name)
  const exitCodes = [...facts.ended].map(([index, { exitCode }]) => ({ container: names[index] ?? '', exitCode }))
  return { kind: 'Failed', endedAtMs, disrupted: outcome === 'Lost', exitCodes }
}

/** The pod as Kubernetes would show it. */
export function describePod(job: StoredJob, manifest: PodManifest, facts: PodFacts): Pod {
  const outcome = outcomeOf(job, manifest, facts)
  const statuses = containersOf(job.spec.template.spec).map(({ name, isInit }, index) => ({
    isInit,
    status: { name, state: describeContainer(index, outcome, manifest, facts) } satisfies ContainerStatus,
  }))
  const init = statuses.filter(({ isInit }) => isInit).map(({ status }) => status)
  return {
    metadata: structuredClone(manifest.metadata),
    status: {
      phase: phaseOf(outcome, facts),
      ...explain(outcome, manifest),
      startTime: formatTimestamp(facts.claimedAtMs ?? Date.parse(manifest.metadata.creationTimestamp)),
      ...(init.length > 0 ? { initContainerStatuses: init } : {}),
      containerStatuses: statuses.filter(({ isInit }) => !isInit).map(({ status }) => status),
    },
  }
}

function phaseOf(outcome: PodOutcome | null, facts: PodFacts): Pod['status']['phase'] {
  switch (outcome) {
    case 'Succeeded':
      return 'Succeeded'
    case 'Failed':
    case 'Lost':
      return 'Failed'
    case null:
      return facts.started.size > 0 ? 'Running' : 'Pending'
  }
}

function explain(outcome: PodOutcome | null, manifest: PodManifest): Pick<Pod['status'], 'reason' | 'message' | 'conditions'> {
  if (manifest.startError !== null) return manifest.startError
  if (outcome !== 'Lost') return {}
  const message = 'The processes of this pod went away without leaving an exit code'
  return { reason: 'Lost', message, conditions: [{ type: 'DisruptionTarget', status: 'True', reason: 'Lost', message }] }
}

function describeContainer(index: number, outcome: PodOutcome | null, manifest: PodManifest, facts: PodFacts): NonNullable<ContainerStatus['state']> {
  const started = facts.started.get(index)
  const ended = facts.ended.get(index)
  const startedAt = started === undefined ? {} : { startedAt: formatTimestamp(started.atMs) }
  if (ended !== undefined) {
    const reason = ended.exitCode === 0 ? 'Completed' : 'Error'
    const message = facts.messages.get(index)
    return {
      terminated: {
        exitCode: ended.exitCode,
        reason,
        ...(message === undefined ? {} : { message }),
        ...startedAt,
        finishedAt: formatTimestamp(ended.atMs),
      },
    }
  }
  if (started === undefined) return { waiting: manifest.startError ?? { reason: 'PodInitializing' } }
  if (outcome === null) return { running: startedAt }
  const endedAtMs = facts.lostAtMs ?? facts.doneAtMs
  return { terminated: { ...UNSEEN, ...startedAt, ...(endedAtMs === null ? {} : { finishedAt: formatTimestamp(endedAtMs) }) } }
}
