import { maskSecrets } from '../../runs/mask.ts'
import { FINALIZER, LABELS, type JobObservation, type ObjectRef, type StoredJob } from '../../runs/objects.ts'
import { createJobMasks } from '../job-masks.ts'
import type { LoggedJobs } from '../ports.ts'
import type { ClusterChange } from './changes.ts'
import { sealedCopy, freezeJson } from '../copy-json.ts'
import { createEventHub, type EventDelays } from './event-hub.ts'
import { createJobController, type JobTiming } from './job-controller.ts'
import { createObjectStore, type ServerState } from './object-store.ts'
import type { PodScripts } from './pod-script.ts'

const NEWLINE = 10

/** Jobs in memory, with what others than Fusee do to them. */
export interface SimulatedJobs extends LoggedJobs {
  /** Deletes the Jobs whose controller was the object with this uid, as the garbage collector does. */
  collectOwnedBy(uid: string): void
  /** Takes a Job away together with its finalizers, as somebody with rights can. */
  removeByForce(ref: ObjectRef): void
}

/** Jobs in memory, with the rules of Kubernetes. Calls are answered at once and never fail in passing. Answers are frozen. */
export function createSimulatedJobs(
  server: ServerState,
  scripts: PodScripts,
  timing: JobTiming,
  delays: EventDelays,
  secrets: Readonly<Record<string, readonly string[]>>,
  onChange: (change: ClusterChange) => void,
): SimulatedJobs {
  const events = createEventHub(server.clock, delays)
  const emitFor = (job: StoredJob | null): void => {
    const run = job === null ? null : runOf(job)
    if (run !== null) events.emit({ kind: 'Job', run })
  }
  const byRun = new Map<string, Set<string>>()
  const store = createObjectStore<StoredJob>(server, freezeJson, (before, after) => {
    indexByRun(byRun, before, after)
    onChange({ kind: 'Job', before, after })
    if (before !== null && after === null) controller.forget(before)
    emitFor(after ?? before)
  })
  const controller = createJobController(server, store, scripts, timing, (change) => {
    onChange(change)
    if (change.kind === 'Pod') emitFor(change.job)
  })

  const masks = createJobMasks(async (_job, secret) => [...(secrets[secret] ?? [])])

  /** Marks the Job and ends its pods; without finalizers the object goes at once. */
  function deleteByUid(ref: ObjectRef, uid: string): void {
    const deleted = store.delete(ref, uid)
    if (deleted !== null) controller.stop(deleted)
  }

  function current(job: StoredJob): StoredJob | null {
    const stored = store.get(job.metadata)
    return stored?.metadata.uid === job.metadata.uid ? stored : null
  }

  return {
    async createJob(job) {
      const creation = store.create({ ...sealedCopy(job), status: {} })
      if (creation.kind === 'Created') controller.start(creation.object)
      return creation
    },
    async observeJobs(run) {
      const found: JobObservation[] = []
      for (const name of byRun.get(`${run.namespace}/${run.name}`) ?? []) {
        const job = store.get({ namespace: run.namespace, name })
        if (job !== null) found.push({ job, pods: await masks.maskPods(job, controller.podsOf(job)) })
      }
      return found
    },
    async listJobs() {
      return store.list().flatMap((job) => {
        const run = runOf(job)
        return run === null ? [] : [{ run, job }]
      })
    },
    async relabelJob(job, labels) {
      const stored = current(job)
      if (stored !== null) store.replace({ ...stored, metadata: { ...stored.metadata, labels: { ...stored.metadata.labels, ...labels } } })
    },
    async stopJob(job) {
      deleteByUid(job.metadata, job.metadata.uid)
    },
    async releaseJob(job) {
      const stored = current(job)
      if (stored === null || !(stored.metadata.finalizers ?? []).includes(FINALIZER)) return
      const finalizers = (stored.metadata.finalizers ?? []).filter((finalizer) => finalizer !== FINALIZER)
      store.replace({ ...stored, metadata: { ...stored.metadata, finalizers } })
    },
    async deleteJob(job) {
      deleteByUid(job.metadata, job.metadata.uid)
    },
    async readLogTail(job, maxBytes, pod) {
      const stored = current(job)
      return stored === null ? '' : masks.maskTail(stored, tailOf(controller.logOf(stored, pod), maxBytes))
    },
    async followLog(job, hear, _signal, pod) {
      const stored = current(job)
      if (stored !== null) hear(maskSecrets(controller.logOf(stored, pod), await masks.valuesOf(stored)))
    },
    subscribe: (listener) => events.subscribe(listener),
    collectOwnedBy(uid) {
      for (const job of store.list()) {
        if (job.metadata.ownerReferences?.some((owner) => owner.uid === uid) === true) deleteByUid(job.metadata, job.metadata.uid)
      }
    },
    removeByForce(ref) {
      const stored = store.get(ref)
      if (stored === null) return
      const unheld = store.replace({ ...stored, metadata: { ...stored.metadata, finalizers: [] } })
      deleteByUid(unheld.metadata, unheld.metadata.uid)
    },
  }
}

/** Keeps the names of the Jobs of each run, in the order in which they were made. */
function indexByRun(byRun: Map<string, Set<string>>, before: StoredJob | null, after: StoredJob | null): void {
  const job = after ?? before
  const run = job === null ? null : runOf(job)
  if (job === null || run === null) return
  const key = `${run.namespace}/${run.name}`
  const names = byRun.get(key) ?? new Set()
  if (after === null) names.delete(job.metadata.name)
  else names.add(job.metadata.name)
  if (names.size === 0) byRun.delete(key)
  else byRun.set(key, names)
}

/** The Run that a Job was made for, by its label; null when it has none. */
function runOf({ metadata }: StoredJob): ObjectRef | null {
  const name = metadata.labels?.[LABELS.run]
  return name === undefined ? null : { namespace: metadata.namespace, name }
}

/** The last lines of the text that fit into `maxBytes` of UTF-8; of a line that does not, its end, not beginning inside a character. */
function tailOf(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text)
  if (bytes.length <= maxBytes) return text
  let start = bytes.length - maxBytes
  while (start < bytes.length && ((bytes[start] ?? 0) & 0xc0) === 0x80) start++
  const tail = bytes.subarray(start).toString()
  const isWhole = bytes[start - 1] === NEWLINE
  return isWhole ? tail : tail.slice(tail.indexOf('\n') + 1) || tail
}
