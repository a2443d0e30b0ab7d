import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { formatTick } from '../../../src/clock.ts'
import { judgeJob, type JobVerdict } from '../../../src/cluster/simulated/job-verdict.ts'
import { pendingPod } from '../../../src/cluster/simulated/pods.ts'
import { isPodEnded } from '../../../src/runs/ends.ts'
import type { Condition, Pod, StoredJob } from '../../../src/runs/objects.ts'
import { createNodeAgent, type NodeAgent, type PodBehaviour } from './node-agent.ts'
import { JOBS, PODS, type StoredObject } from './resources.ts'
import type { ObjectStore } from './store.ts'
import { createTimers } from './timers.ts'

export type { PodBehaviour } from './node-agent.ts'

/** The Job controller of the cluster and its one node. */
export interface JobControl extends NodeAgent {
  close(): void
}

/** Holds a pod until its Job has counted it. */
const TRACKING = 'batch.kubernetes.io/job-tracking'
const POD_CREATION_MS = 2
/** The real one batches a second. */
const STATUS_MS = 10
const RETRY_MS = 5

interface LiveJob {
  /** As last seen, also those that are gone. */
  pods: Map<string, StoredObject>
  verdict: Exclude<JobVerdict, { kind: 'Open' }> | null
  timers: Map<string, () => void>
}

/** Makes pods for the Jobs of a store and counts them. */
export function createJobControl(store: ObjectStore, behaviour: PodBehaviour): JobControl {
  const timers = createTimers()
  const jobs = new Map<string, LiveJob>()
  const agent = createNodeAgent(store, timers, behaviour, (pod) => {
    const uids = [...(jobs.get(ownerOf(pod) ?? '')?.pods.keys() ?? [])]
    const at = uids.indexOf(pod.metadata.uid)
    return at < 0 ? uids.length : at
  })

  function once(live: LiveJob, name: string, ms: number, act: () => void): void {
    if (live.timers.has(name)) return
    live.timers.set(
      name,
      timers.after(ms, () => {
        live.timers.delete(name)
        act()
      }),
    )
  }

  function find(uid: string): StoredObject | null {
    return store.list(JOBS).find(({ metadata }) => metadata.uid === uid) ?? null
  }

  const activeOf = (live: LiveJob): StoredObject[] => [...live.pods.values()].filter((pod) => !isPodEnded(asPod(pod)))

  /** Looks at one Job and does what is due. */
  function sync(uid: string): void {
    const job = find(uid)
    const live = jobs.get(uid)
    if (live === undefined) return
    if (job === null || job.metadata.deletionTimestamp !== undefined) {
      for (const pod of live.pods.values()) untrack(pod)
      return
    }
    const judged = judgeJob(job as unknown as StoredJob, [...live.pods.values()].map(asPod))
    if (live.verdict === null && judged.kind !== 'Open') live.verdict = judged
    if (live.verdict !== null || job.spec?.['suspend'] === true) for (const pod of activeOf(live)) deletePod(pod)
    once(live, 'status', STATUS_MS, () => writeStatus(uid))
    if (live.verdict !== null || judged.kind !== 'Open' || judged.missingPods === 0) return
    once(live, 'pod', judged.failed === 0 ? POD_CREATION_MS : RETRY_MS * 2 ** (judged.failed - 1), () => createPods(uid))
  }

  function createPods(uid: string): void {
    const job = find(uid)
    const live = jobs.get(uid)
    if (job === null || live === undefined || live.verdict !== null || job.metadata.deletionTimestamp !== undefined) return
    const judged = judgeJob(job as unknown as StoredJob, [...live.pods.values()].map(asPod))
    for (let missing = judged.kind === 'Open' ? judged.missingPods : 0; missing > 0; missing--) {
      const meta = { name: `${job.metadata.name}-${randomUUID().slice(0, 5)}`, uid: '', resourceVersion: '', creationTimestamp: '' }
      const { metadata, spec, status } = pendingPod(job as unknown as StoredJob, meta)
      const owner = { apiVersion: 'batch/v1', kind: 'Job', name: job.metadata.name, uid, controller: true, blockOwnerDeletion: true }
      const { uid: _uid, resourceVersion: _version, creationTimestamp: _at, ...rest } = metadata
      const created = store.create(PODS, job.metadata.namespace, {
        metadata: { ...rest, finalizers: [TRACKING], ownerReferences: [owner] },
        spec: spec ?? {},
      })
      store.put(PODS, { ...created, metadata: { ...created.metadata, creationTimestamp: laterThan(live.pods.values(), created) }, status })
    }
    writeStatus(uid)
    sync(uid)
  }

  function writeStatus(uid: string): void {
    const job = find(uid)
    const live = jobs.get(uid)
    if (job === null || live === undefined) return
    for (const pod of live.pods.values()) if (isPodEnded(asPod(pod))) untrack(pod)
    const { succeeded, failed } = live.verdict ?? judgeJob(job as unknown as StoredJob, [...live.pods.values()].map(asPod))
    const active = activeOf(live).length
    const before = (job.status ?? {}) as { conditions?: Condition[]; startTime?: string }
    const isSuspended = job.spec?.['suspend'] === true
    const { startTime, ...others } = before
    const { active: _a, succeeded: _s, failed: _f, ...kept } = others as Record<string, unknown>
    const next: Record<string, unknown> = {
      ...kept,
      ...(isSuspended ? {} : { startTime: startTime ?? formatTick(Date.now()) }),
      ...(active > 0 && { active }),
      ...(succeeded > 0 && { succeeded }),
      ...(failed > 0 && { failed }),
      terminating: 0,
      uncountedTerminatedPods: {},
      ...conclusion(live.verdict, active, before.conditions ?? [], isSuspended),
    }
    if (!isDeepStrictEqual(job.status, next)) store.put(JOBS, { ...job, status: next })
  }

  function exceedDeadline(uid: string): void {
    const job = find(uid)
    const live = jobs.get(uid)
    if (job === null || live === undefined || live.verdict !== null || job.metadata.deletionTimestamp !== undefined) return
    const { succeeded, failed } = judgeJob(job as unknown as StoredJob, [...live.pods.values()].map(asPod))
    live.verdict = { kind: 'Failed', succeeded, failed, reason: 'DeadlineExceeded', message: 'Job was active longer than specified deadline' }
    sync(uid)
  }

  function untrack(pod: StoredObject): void {
    const found = store.find({ resource: PODS, namespace: pod.metadata.namespace, name: pod.metadata.name })
    const finalizers = found?.metadata.uid === pod.metadata.uid ? (found.metadata.finalizers ?? []) : []
    if (found === null || !finalizers.includes(TRACKING)) return
    store.put(PODS, { ...found, metadata: { ...found.metadata, finalizers: finalizers.filter((one) => one !== TRACKING) } })
  }

  function deletePod({ metadata }: StoredObject): void {
    const key = { resource: PODS, namespace: metadata.namespace, name: metadata.name }
    if (store.find(key)?.metadata.uid === metadata.uid) store.delete(key, { propagationPolicy: 'Background' })
  }

  store.subscribe(({ type, resource, object }) => {
    if (resource === JOBS) {
      const { uid } = object.metadata
      if (type === 'ADDED') {
        const live: LiveJob = { pods: new Map(), verdict: null, timers: new Map() }
        jobs.set(uid, live)
        const seconds = object.spec?.['activeDeadlineSeconds'] as number | undefined
        if (seconds !== undefined) once(live, 'deadline', seconds * 1000, () => exceedDeadline(uid))
      }
      timers.after(0, () => sync(uid))
    }
    if (resource === PODS) {
      const uid = ownerOf(object) ?? ''
      const live = jobs.get(uid)
      if (live === undefined) return
      live.pods.set(object.metadata.uid, type === 'DELETED' ? lastOf(object) : object)
      timers.after(0, () => sync(uid))
    }
  })

  return { ...agent, close: () => timers.close() }
}

/** Conditions and the end of a Job, as its controller writes them: the target first, and the end once no pod is left. */
function conclusion(verdict: LiveJob['verdict'], active: number, before: readonly Condition[], isSuspended: boolean): Record<string, unknown> {
  const now = formatTick(Date.now())
  const has = (type: string): boolean => before.some((one) => one.type === type)
  if (isSuspended && !has('Suspended')) {
    return {
      conditions: [...before, { type: 'Suspended', status: 'True', reason: 'JobSuspended', message: 'Job suspended', lastTransitionTime: now }],
    }
  }
  if (verdict === null) return {}
  const [target, end] = verdict.kind === 'Complete' ? ['SuccessCriteriaMet', 'Complete'] : ['FailureTarget', 'Failed']
  const why =
    verdict.kind === 'Complete'
      ? { reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods' }
      : { reason: verdict.reason, message: verdict.message }
  const conditions = [...before]
  if (!has(target)) conditions.push({ type: target, status: 'True', ...why, lastTransitionTime: now })
  if (active > 0) return { conditions }
  if (!has(end)) conditions.push({ type: end, status: 'True', ...why, lastTransitionTime: now })
  return { conditions, ...(verdict.kind === 'Complete' && !has(end) && { completionTime: now }) }
}

function ownerOf({ metadata }: StoredObject): string | null {
  return metadata.ownerReferences?.find(({ controller }) => controller === true)?.uid ?? null
}

/** A pod that is gone without an end of its own has failed. */
function lastOf(pod: StoredObject): StoredObject {
  return isPodEnded(asPod(pod)) ? pod : { ...pod, status: { ...pod.status, phase: 'Failed' } }
}

function asPod(object: StoredObject): Pod {
  return object as unknown as Pod
}

/**
 * When a pod was made, as if the real Job controller's ten seconds had passed since the one that it replaces: times have whole seconds, and
 * pods of one Job are told apart by them. Those that are made together keep their own.
 */
function laterThan(pods: Iterable<StoredObject>, created: StoredObject): string {
  const ended = [...pods]
    .filter((pod) => pod.metadata.uid !== created.metadata.uid && isPodEnded(asPod(pod)))
    .map((pod) => Date.parse(pod.metadata.creationTimestamp) + 1000)
  return formatTick(Math.max(Date.parse(created.metadata.creationTimestamp), ...ended))
}
