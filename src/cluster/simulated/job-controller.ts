import { formatTick } from '../../clock.ts'
import type { Condition, Job, Pod, StoredJob } from '../../runs/objects.ts'
import type { ClusterChange } from './changes.ts'
import { freezeJson } from '../copy-json.ts'
import { judgeJob, type JobVerdict } from './job-verdict.ts'
import type { ObjectStore, ServerState } from './object-store.ts'
import type { PodScript, PodScripts } from './pod-script.ts'
import { isPodEnded } from '../../runs/ends.ts'
import { blockedPod, endedPod, pendingPod, startedPod, type PodEnd } from './pods.ts'

/** How long the cluster takes, in ms. */
export interface JobTiming {
  /** From a Job's creation, or a lost pod, to the next pod. */
  podCreationMs: number
  /** From the end of a pod to the Job's status that tells it: Kubernetes batches a second. */
  statusMs: number
  /** Before the first new pod after a failure; doubles with each, up to six minutes. */
  retryMs: number
}

/** Figures of a real cluster. */
export const KUBERNETES_TIMING: JobTiming = { podCreationMs: 20, statusMs: 1_000, retryMs: 10_000 }

const LONGEST_RETRY_MS = 360_000
const DEFAULT_GRACE_SECONDS = 30
const KILLED = 137
const TERMINATED = 143
const LOST: PodEnd = { exitCode: KILLED, isDisruption: true }

/** Makes pods for Jobs and ends them, as Kubernetes' Job controller and its nodes do. */
export interface JobController {
  /** A Job has been made. */
  start(job: StoredJob): void
  /** A Job is being deleted: its pods are told to end. */
  stop(job: StoredJob): void
  /** A Job is gone: nothing of it runs any more. */
  forget(job: StoredJob): void
  /** Oldest first. */
  podsOf(job: StoredJob): Pod[]
  /** What the newest pod has printed, or the one of this name; '' when none has started. */
  logOf(job: StoredJob, name?: string): string
}

interface LivePod {
  pod: Pod
  script: PodScript
  /** What is to happen to it next; a new plan replaces the old. */
  cancelNext: () => void
  endsAtMs: number
}

interface LiveJob {
  pods: LivePod[]
  verdict: JobVerdict | null
  cancelTimers: Map<'pod' | 'status' | 'deadline', () => void>
}

/** Runs the Jobs of a store. Every change of a pod, and the status that follows, goes to `onChange` and the store. */
export function createJobController(
  server: ServerState,
  store: ObjectStore<StoredJob>,
  scripts: PodScripts,
  timing: JobTiming,
  onChange: (change: ClusterChange) => void,
): JobController {
  const { clock, random } = server
  const liveJobs = new Map<string, LiveJob>()

  /** The newest version of the Job, with its pods; null when it is gone. */
  function find(uid: string, of: StoredJob): { job: StoredJob; live: LiveJob } | null {
    const job = store.get(of.metadata)
    const live = liveJobs.get(uid)
    return job === null || live === undefined || job.metadata.uid !== uid ? null : { job, live }
  }

  function setOnce(live: LiveJob, name: 'pod' | 'status' | 'deadline', afterMs: number, fire: () => void): void {
    if (live.cancelTimers.has(name)) return
    const cancel = clock.setTimer(clock.now() + afterMs, () => {
      live.cancelTimers.delete(name)
      fire()
    })
    live.cancelTimers.set(name, cancel)
  }

  function setPod(job: StoredJob, live: LivePod, next: Pod): void {
    const before = live.pod
    live.pod = freezeJson({ ...next, metadata: { ...next.metadata, resourceVersion: server.nextVersion() } })
    onChange({ kind: 'Pod', job, before, after: live.pod })
  }

  function createPod(job: StoredJob, live: LiveJob): void {
    const meta = {
      name: `${job.metadata.name}-${random.uuid().slice(0, 5)}`,
      uid: random.uuid(),
      resourceVersion: server.nextVersion(),
      creationTimestamp: formatTick(clock.now()),
    }
    const script = scripts(job, live.pods.length)
    const livePod: LivePod = { pod: freezeJson(pendingPod(job, meta)), script, cancelNext: () => {}, endsAtMs: Infinity }
    live.pods.push(livePod)
    onChange({ kind: 'Pod', job, before: null, after: livePod.pod })
    if (script.blocked !== undefined) return setPod(job, livePod, blockedPod(livePod.pod, script.blocked))
    livePod.cancelNext = clock.setTimer(clock.now() + script.startMs, () => runPod(job, livePod))
  }

  function runPod(job: StoredJob, livePod: LivePod): void {
    const { script } = livePod
    setPod(job, livePod, startedPod(livePod.pod, clock.now(), script.exitCodes ?? {}))
    if (isPodEnded(livePod.pod)) return sync(job)
    const isLost = script.lostAfterMs !== null && script.lostAfterMs < script.runMs
    const runMs = isLost ? (script.lostAfterMs ?? 0) : script.runMs
    planEnd(
      job,
      livePod,
      clock.now() + runMs,
      isLost
        ? LOST
        : { exitCode: script.exitCode, exitCodes: script.exitCodes ?? {}, message: cutMessage(script.message ?? ''), isDisruption: false },
    )
  }

  function planEnd(job: StoredJob, livePod: LivePod, atMs: number, end: PodEnd): void {
    livePod.cancelNext()
    livePod.endsAtMs = atMs
    livePod.cancelNext = clock.setTimer(atMs, () => {
      setPod(job, livePod, endedPod(livePod.pod, clock.now(), end))
      sync(job)
    })
  }

  /** SIGTERM, and SIGKILL when the grace period is over. A pod that ends by itself sooner does so. */
  function terminate(job: StoredJob, live: LiveJob): void {
    const graceMs = 1_000 * (job.spec.template.spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS)
    for (const livePod of live.pods.filter(({ pod }) => !isPodEnded(pod))) {
      const { termMs } = livePod.script
      const isPending = livePod.pod.status.phase === 'Pending'
      const endsAtMs = clock.now() + (isPending ? 0 : Math.min(termMs, graceMs))
      if (endsAtMs >= livePod.endsAtMs) continue
      planEnd(job, livePod, endsAtMs, { exitCode: termMs < graceMs ? TERMINATED : KILLED, isDisruption: false })
    }
  }

  /** Looks at one Job and does what is due; called after each change of it. */
  function sync(of: StoredJob): void {
    const found = find(of.metadata.uid, of)
    if (found === null || found.job.metadata.deletionTimestamp !== undefined) return
    const { job, live } = found
    live.verdict = live.verdict ?? decided(judgeJob(job, podsOf(live)))
    setOnce(live, 'status', timing.statusMs, () => writeStatus(job))
    if (live.verdict !== null) return terminate(job, live)
    const verdict = judgeJob(job, podsOf(live))
    if (verdict.kind !== 'Open' || verdict.missingPods === 0) return
    const failures = verdict.failed
    const afterMs = failures === 0 ? timing.podCreationMs : Math.min(LONGEST_RETRY_MS, timing.retryMs * 2 ** (failures - 1))
    setOnce(live, 'pod', afterMs, () => {
      if (!isOpen(job)) return
      createPod(job, live)
      sync(job)
    })
  }

  function isOpen(of: StoredJob): boolean {
    const found = find(of.metadata.uid, of)
    return found !== null && found.live.verdict === null && found.job.metadata.deletionTimestamp === undefined
  }

  function writeStatus(of: StoredJob): void {
    const found = find(of.metadata.uid, of)
    if (found === null) return
    const { job, live } = found
    store.replace({ ...job, status: statusOf(job, podsOf(live), live.verdict, formatTick(clock.now())) })
  }

  function exceedDeadline(of: StoredJob): void {
    const found = find(of.metadata.uid, of)
    if (found === null || !isOpen(of)) return
    const { succeeded, failed } = judgeJob(found.job, podsOf(found.live))
    found.live.verdict = { kind: 'Failed', succeeded, failed, reason: 'DeadlineExceeded', message: 'Job was active longer than specified deadline' }
    sync(of)
  }

  return {
    start(job) {
      const live: LiveJob = { pods: [], verdict: null, cancelTimers: new Map() }
      liveJobs.set(job.metadata.uid, live)
      const { activeDeadlineSeconds } = job.spec
      if (activeDeadlineSeconds !== undefined) setOnce(live, 'deadline', activeDeadlineSeconds * 1_000, () => exceedDeadline(job))
      sync(job)
    },
    stop(job) {
      const live = liveJobs.get(job.metadata.uid)
      if (live !== undefined) terminate(job, live)
    },
    forget(job) {
      const live = liveJobs.get(job.metadata.uid)
      if (live === undefined) return
      for (const cancel of live.cancelTimers.values()) cancel()
      for (const livePod of live.pods) {
        livePod.cancelNext()
        if (!isPodEnded(livePod.pod)) setPod(job, livePod, endedPod(livePod.pod, clock.now(), { exitCode: KILLED, isDisruption: false }))
      }
      liveJobs.delete(job.metadata.uid)
    },
    podsOf: (job) => podsOf(liveJobs.get(job.metadata.uid)),
    logOf(job, name) {
      const started = (liveJobs.get(job.metadata.uid)?.pods ?? []).filter(({ pod }) => pod.status.containerStatuses !== undefined)
      const newest = started.findLast(({ pod }) => name === undefined || pod.metadata.name === name)
      return newest?.script.log ?? ''
    },
  }
}

function podsOf(live: LiveJob | undefined): Pod[] {
  return (live?.pods ?? []).map(({ pod }) => pod)
}

function decided(verdict: JobVerdict): JobVerdict | null {
  return verdict.kind === 'Open' ? null : verdict
}

/** Counts, and the final condition once nothing runs any more. */
function statusOf(job: StoredJob, pods: readonly Pod[], verdict: JobVerdict | null, now: string): NonNullable<Job['status']> {
  const { succeeded, failed } = verdict ?? judgeJob(job, pods)
  const active = pods.filter((pod) => !isPodEnded(pod)).length
  const status: NonNullable<Job['status']> = { startTime: job.metadata.creationTimestamp, ...job.status, active, succeeded, failed }
  if (verdict === null || active > 0 || (job.status?.conditions ?? []).length > 0) return status
  const condition: Condition =
    verdict.kind === 'Failed'
      ? { type: 'Failed', status: 'True', reason: verdict.reason, message: verdict.message, lastTransitionTime: now }
      : {
          type: 'Complete',
          status: 'True',
          reason: 'CompletionsReached',
          message: 'Reached expected number of succeeded pods',
          lastTransitionTime: now,
        }
  return verdict.kind === 'Complete' ? { ...status, completionTime: now, conditions: [condition] } : { ...status, conditions: [condition] }
}

/** Kubernetes keeps the last 4096 bytes of a termination message. */
function cutMessage(message: string): string {
  return Buffer.from(message).subarray(-4096).toString()
}
