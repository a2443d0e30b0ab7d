import { formatTimestamp } from '../../clock.ts'
import type { Job, ObjectRef, StoredJob } from '../../runs/objects.ts'
import { createPodGroup } from './control-group.ts'
import { noteGroup } from './pod-facts.ts'
import { jobFolder } from './pod-folders.ts'
import type { PodSources } from './pod-folders.ts'
import { loadPods, preparePod } from './pod-folders.ts'
import type { LocalPod } from './local-pod.ts'
import { isLive, viewOf } from './local-pod.ts'
import type { ObjectStore } from './object-store.ts'
import { keyOf } from './object-store.ts'
import type { JobPlan } from './plan-job.ts'
import { planJob } from './plan-job.ts'
import type { PodScriptOptions } from './pod-script.ts'
import { writePodScript } from './pod-script.ts'
import { isDecided } from './pod-status.ts'
import { CorruptFileError } from './storage-errors.ts'
import type { PodSupervisor } from './supervise-pods.ts'
import type { PodSweeper } from './sweep-pods.ts'

/** Brings every Job to where its plan wants it: starts pods, stops them, writes conditions, removes what is deleted. */
export interface JobController {
  /** Loads the pods of a stored Job, and goes on with it. */
  load(job: StoredJob): Promise<void>
  /** Looks at a Job soon; answers when there is nothing more to do for now, or when that has failed and will be tried again. */
  request(ref: ObjectRef): Promise<void>
  /** The pods of a Job, oldest first. */
  podsOf(job: StoredJob): readonly LocalPod[]
  /** Called by the supervisor. */
  podChanged(pod: LocalPod): void
  close(): Promise<void>
}

/** What the controller works with. */
export interface JobControllerOptions {
  sources: PodSources
  store: ObjectStore<Job>
  supervisor: PodSupervisor
  sweeper: PodSweeper
  script: PodScriptOptions
  /** Control group below which each pod gets one of its own; null for none. */
  controlGroup: () => string | null
  /** Pods of the Job have changed. */
  changed(job: StoredJob): void
}

/** Kubernetes' own default. */
const DEFAULT_GRACE_SECONDS = 30
const FIRST_RETRY_MS = 500
const LONGEST_RETRY_MS = 10_000

interface Entry {
  ref: ObjectRef
  pods: LocalPod[]
  isDirty: boolean
  work: Promise<void> | null
  failures: number
  cancelTimer: (() => void) | null
}

/** Creates a controller without Jobs. */
export function createJobController(options: JobControllerOptions): JobController {
  const { store, supervisor, sweeper } = options
  const { clock, report } = options.sources.context
  const entries = new Map<string, Entry>()
  let isClosed = false

  function entryOf(ref: ObjectRef): Entry {
    const entry = entries.get(keyOf(ref)) ?? { ref, pods: [], isDirty: false, work: null, failures: 0, cancelTimer: null }
    entries.set(keyOf(ref), entry)
    return entry
  }

  function request(ref: ObjectRef): Promise<void> {
    const entry = entryOf(ref)
    if (isClosed) return Promise.resolve()
    entry.isDirty = true
    entry.work ??= drain(entry)
    return entry.work
  }

  /** That it is over is said in the same breath as nothing is left to do, so that no request falls in between. */
  async function drain(entry: Entry): Promise<void> {
    try {
      while (entry.isDirty && !isClosed) {
        entry.isDirty = false
        await reconcile(entry)
      }
      entry.failures = 0
    } catch (error) {
      const delayMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** entry.failures++)
      report('A Job could not be looked after; it is tried again', { job: keyOf(entry.ref), error: String(error), retryInMs: delayMs })
      wake(entry, clock.now() + delayMs)
    } finally {
      entry.work = null
    }
  }

  function wake(entry: Entry, atMs: number | null): void {
    entry.cancelTimer?.()
    entry.cancelTimer = atMs === null || isClosed ? null : clock.setTimer(atMs, () => void request(entry.ref))
  }

  async function reconcile(entry: Entry): Promise<void> {
    const job = store.get(entry.ref)
    if (job === null) {
      entry.cancelTimer?.()
      entries.delete(keyOf(entry.ref))
      return
    }
    entry.pods = podsOf(entry.pods, job)
    const views = entry.pods.map((pod) => viewOf(job, pod))
    const plan = planJob(job, views, clock.now())
    if (plan.condition !== null) {
      await writeCondition(job, plan.condition)
      entry.isDirty = true
      return
    }
    wake(entry, plan.wakeAtMs)
    if (plan.stopSinceMs !== null) stopPods(entry, job, plan.stopSinceMs)
    for (let count = 0; count < plan.start; count++) await startPod(entry, job)
    if (isRemovable(job) && views.every((view) => view.kind !== 'Live')) await remove(entry)
  }

  async function writeCondition(job: StoredJob, condition: NonNullable<JobPlan['condition']>): Promise<void> {
    await store.update(job.metadata, (current) => {
      if (current.metadata.uid !== job.metadata.uid) return { kind: 'Keep' }
      const conditions = [...(current.status?.conditions ?? []), condition]
      const completion = condition.type === 'Complete' ? { completionTime: condition.lastTransitionTime } : {}
      return { kind: 'Write', object: { ...current, status: { ...current.status, ...completion, conditions } } }
    })
  }

  function stopPods(entry: Entry, job: StoredJob, sinceMs: number): void {
    const graceSeconds = job.spec.template.spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS
    for (const pod of entry.pods) if (isLive(job, pod)) supervisor.stop(pod, sinceMs + graceSeconds * 1000)
  }

  async function startPod(entry: Entry, job: StoredJob): Promise<void> {
    const last = entry.pods.at(-1)
    const index = last === undefined ? 0 : Number(/\d+$/.exec(last.folder)?.[0]) + 1
    const prepared = await preparePod(options.sources, job, index)
    if (isClosed || store.get(entry.ref)?.metadata.deletionTimestamp !== undefined) return prepared.discard()
    const pod = prepared.publish()
    entry.pods.push(pod)
    if (pod.manifest.startError === null) {
      const group = enterGroup(pod)
      supervisor.run(pod, writePodScript(prepared.launches, { ...options.script, group }), (facts) => isDecided(job, facts))
    } else {
      report('A pod could not be started', { job: keyOf(entry.ref), ...pod.manifest.startError })
      podChanged(pod)
    }
  }

  /** Null where nothing may be put into groups. */
  function enterGroup(pod: LocalPod): string | null {
    const parent = options.controlGroup()
    const group = parent === null ? null : createPodGroup(parent, pod.manifest.metadata.uid)
    if (group === null) return null
    noteGroup(pod.folder, group)
    pod.facts.group = group
    return group
  }

  async function remove(entry: Entry): Promise<void> {
    await store.update(entry.ref, (current) => (isRemovable(current) ? { kind: 'Remove' } : { kind: 'Keep' }))
    entry.isDirty = true
  }

  function podChanged(pod: LocalPod): void {
    const job = store.get(pod.job)
    if (job === null) return
    if (!isLive(job, pod)) {
      sweeper.add(pod)
      void request(pod.job)
    }
    options.changed(job)
  }

  return {
    request,
    podChanged,
    podsOf: (job) => podsOf(entries.get(keyOf(job.metadata))?.pods ?? [], job),
    async load(job) {
      const ref = { namespace: job.metadata.namespace, name: job.metadata.name }
      const pods = await loadPods(options.sources.context, job).catch((error: unknown) => {
        if (!(error instanceof CorruptFileError)) throw error
        // What it has done is not known: it must neither run again nor hold up the others.
        store.reportDamage(ref, error)
        return null
      })
      if (pods === null) return
      const entry = entryOf(ref)
      entry.pods = pods
      for (const pod of entry.pods) {
        if (isLive(job, pod)) supervisor.adopt(pod, (facts) => isDecided(job, facts))
        else sweeper.add(pod)
      }
      void request(entry.ref)
    },
    async close() {
      isClosed = true
      for (const entry of entries.values()) entry.cancelTimer?.()
      await Promise.all([...entries.values()].flatMap((entry) => entry.work ?? []))
    },
  }
}

/** Without those of an earlier Job with the same name. */
function podsOf(pods: LocalPod[], job: StoredJob): LocalPod[] {
  return pods.filter((pod) => pod.jobUid === job.metadata.uid)
}

/** The Job, marked as being deleted from this moment on. */
export function markDeleted(job: StoredJob, nowMs: number): StoredJob {
  return { ...job, metadata: { ...job.metadata, deletionTimestamp: job.metadata.deletionTimestamp ?? formatTimestamp(nowMs) } }
}

/** Path of a Job's file, relative to the data folder. */
export function jobFile(ref: ObjectRef): string {
  return `${jobFolder(ref)}/job.json`
}

function isRemovable(job: StoredJob): boolean {
  return job.metadata.deletionTimestamp !== undefined && (job.metadata.finalizers ?? []).length === 0
}
