import { createMask } from '../../runs/mask.ts'
import type { JobObservation, ObjectRef, Pod, StoredJob } from '../../runs/objects.ts'
import { FINALIZER, LABELS } from '../../runs/objects.ts'
import { SOURCE_ANNOTATION } from '../../runs/render-job.ts'
import { createJobMasks } from '../job-masks.ts'
import type { ReportProblem } from '../listeners.ts'
import { createListeners } from '../listeners.ts'
import type { AbandonableJobs, ClusterEvent } from '../ports.ts'
import { JobRefusedError, UnsupportedJobError } from '../ports.ts'
import type { ApiClient } from './api-client.ts'
import { pause } from './api-client.ts'
import { ApiError, isConflict, isDenied, isInEndingNamespace, isNotFound, isTaken } from './api-error.ts'
import { followJobLog } from './follow-job-log.ts'
import { createGonePods } from './gone-pods.ts'
import { createMissingPods } from './missing-pods.ts'
import type { ObjectCache } from './object-cache.ts'
import { createObjectCache } from './object-cache.ts'
import { readPodLogTail } from './pod-logs.ts'
import type { RunsLive } from './prepare-job.ts'
import { hasRunObject, namespaceFor, prepareJob, restoreOwner, runNamespaceOf } from './prepare-job.ts'
import { whyNotPlaced } from './placement.ts'
import type { ApiObject } from './reflector.ts'
import { allSynced, startReflector } from './reflector.ts'
import { collectionPath, deleteOptions, objectPath } from './resources.ts'
import { readSecretValues } from './secret-values.ts'

/** Pods that were deleted have their grace period, and then some. */
const LONGEST_REMOVAL_MS = 60_000
const REMOVAL_INTERVAL_MS = 100

const NO_SOURCE =
  'source: the kubernetes runner does not bring the repository into pods yet. Take "source" out and fetch in the script what the step needs, or use the local runner.'

/** Jobs of a real cluster. */
export interface KubernetesJobs extends AbandonableJobs {
  /** Deletes the Jobs of a run and their pods; resolves when they are gone, rejects after a minute. */
  removeAll(run: ObjectRef): Promise<void>
  /** Jobs that Fusee has made, as last seen. */
  cache: ObjectCache<StoredJob>
  close(): Promise<void>
}

/** Where Jobs are made and watched. */
export interface KubernetesJobsOptions {
  client: ApiClient
  /** Null for all namespaces. */
  namespace: string | null
  runsLive: RunsLive
  /** Narrows what is watched to one run; its name. */
  run?: string
  report: ReportProblem
  /** Ends the wait for what there is, which then rejects. */
  signal?: AbortSignal
}

/** Follows the Jobs that Fusee has made, and their pods; resolves when all that there are have been read. */
export async function createKubernetesJobs(options: KubernetesJobsOptions): Promise<KubernetesJobs> {
  const { client, namespace, runsLive, report } = options
  const listeners = createListeners<ClusterEvent>(report)
  const tell = (object: ApiObject | null): void => {
    const run = object === null ? null : runOf(object)
    if (run !== null) listeners.tell({ kind: 'Job', run })
  }
  const jobs = createObjectCache<StoredJob>({
    indexKeys: (job) => [...keysOf(runOf(job)), job.metadata.uid],
    onChange(before, after) {
      if (before !== null && after === null) for (const kept of [gone, missing]) kept.forgetJob(before.metadata.uid)
      tell(after ?? before)
    },
  })
  const pods = createObjectCache<Pod>({
    indexKeys: (pod) => [controllerOf(pod)],
    onChange(before, after) {
      if (before !== null && after === null) gone.note(controllerOf(before), before)
      tell(after ?? before)
    },
  })
  const gone = createGonePods((jobUid) => jobs.indexed(jobUid).length > 0)
  const missing = createMissingPods(client, pods.put)
  const labelSelector = `${LABELS.managedBy}=fusee${options.run === undefined ? '' : `,${LABELS.run}=${options.run}`}`
  const follow = <T extends ApiObject>(resource: 'jobs' | 'pods', mirror: ObjectCache<T>) =>
    startReflector<T>({
      client,
      path: collectionPath(resource, namespace),
      labelSelector,
      mirror,
      // A person waits for a run of this process, and is told.
      ...(runsLive === 'InThisProcess' ? { firstList: 'Once' as const } : {}),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      onError: (error) => {
        report(`cannot follow ${resource}`, { error: String(error) })
      },
    })
  const reflectors = [follow('jobs', jobs), follow('pods', pods)]
  await allSynced(reflectors)

  const masks = createJobMasks((job, secret) => readSecretValues(client, { namespace: job.metadata.namespace, name: secret }))
  const isThere = (job: StoredJob): boolean => jobs.get(job.metadata)?.metadata.uid === job.metadata.uid

  function podsOf(job: StoredJob): Pod[] {
    return [...pods.indexed(job.metadata.uid), ...gone.of(job.metadata.uid)].sort(byAge)
  }

  /** Pods that are there, oldest first. */
  function podsToRead(job: StoredJob, only?: string): Pod[] {
    const present = pods.indexed(job.metadata.uid).sort(byAge)
    return only === undefined ? present : present.filter(({ metadata }) => metadata.name === only)
  }

  function take(job: StoredJob): StoredJob {
    const { deletionTimestamp, finalizers = [] } = job.metadata
    if (deletionTimestamp !== undefined && finalizers.length === 0) jobs.forget(job)
    else jobs.put(job)
    return job
  }

  /** Deletes this very Job. One that is gone, or whose name another has, needs no more. */
  async function remove(job: StoredJob, policy: 'Background' | 'Foreground'): Promise<void> {
    try {
      const request = { method: 'DELETE', path: objectPath('jobs', job.metadata), body: deleteOptions(job.metadata.uid, policy) } as const
      const answer = await client.request<StoredJob | { kind: 'Status' }>(request)
      if (answer.kind === 'Job') take(answer)
      else if (isThere(job)) jobs.forget(job)
    } catch (error) {
      if (isNotFound(error)) {
        if (isThere(job)) jobs.forget(job)
      } else if (!isConflict(error)) throw error
    }
  }

  /** Adds labels to this very Job. */
  async function relabel(job: StoredJob, labels: Readonly<Record<string, string>>): Promise<void> {
    const path = objectPath('jobs', job.metadata)
    const added = Object.entries(labels).map(([name, value]) => ({ op: 'add', path: `/metadata/labels/${escapePointer(name)}`, value }))
    const body = [{ op: 'test', path: '/metadata/uid', value: job.metadata.uid }, ...added]
    try {
      take(await client.request<StoredJob>({ method: 'PATCH', path, contentType: 'application/json-patch+json', body }))
    } catch (error) {
      // Gone, or the name is another Job's by now.
      if (!isNotFound(error) && !(error instanceof ApiError && error.status === 422)) throw error
    }
  }

  /** Takes our finalizer away where it stands; the others are not ours to touch. Needs no version: it is tested to be there. */
  async function release(job: StoredJob): Promise<void> {
    const path = objectPath('jobs', job.metadata)
    for (let current = jobs.get(job.metadata) ?? job; current.metadata.uid === job.metadata.uid;) {
      const at = current.metadata.finalizers?.indexOf(FINALIZER) ?? -1
      if (at < 0) return
      const finalizer = `/metadata/finalizers/${at}`
      const body = [
        { op: 'test', path: '/metadata/uid', value: job.metadata.uid },
        { op: 'test', path: finalizer, value: FINALIZER },
        { op: 'remove', path: finalizer },
      ]
      try {
        take(await client.request<StoredJob>({ method: 'PATCH', path, contentType: 'application/json-patch+json', body }))
        return
      } catch (error) {
        if (isNotFound(error)) return
        // A test of the patch has failed: it has moved, or gone, or this is another Job.
        if (!(error instanceof ApiError && (error.status === 422 || error.status === 409))) throw error
      }
      const found = await find(job.metadata)
      if (found === null) return
      jobs.put(found)
      current = found
    }
  }

  async function refuseUnlessPlaced(from: string, to: string): Promise<void> {
    const problem = namespace === null ? await whyNotPlaced(client, from, to) : `Fusee works in the namespace ${namespace} alone here`
    if (problem !== null) throw new UnsupportedJobError(`namespace ${to}: ${problem}`)
  }

  async function kill(pod: Pod): Promise<void> {
    try {
      const body = { ...deleteOptions(pod.metadata.uid, 'Background'), gracePeriodSeconds: 0 }
      await client.request({ method: 'DELETE', path: objectPath('pods', pod.metadata), body })
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error
    }
  }

  async function find(ref: ObjectRef): Promise<StoredJob | null> {
    try {
      return await client.request<StoredJob>({ path: objectPath('jobs', ref) })
    } catch (error) {
      if (isNotFound(error)) return null
      throw error
    }
  }

  return {
    cache: jobs,
    async createJob(job) {
      if (job.spec.template.metadata?.annotations?.[SOURCE_ANNOTATION] !== undefined) throw new UnsupportedJobError(NO_SOURCE)
      const place = { namespace: namespaceFor(job), name: job.metadata.name }
      if (place.namespace !== job.metadata.namespace) await refuseUnlessPlaced(job.metadata.namespace, place.namespace)
      const body = prepareJob(job, runsLive)
      for (;;) {
        try {
          const created = await client.request<StoredJob>({ method: 'POST', path: collectionPath('jobs', place.namespace), body })
          return { kind: 'Created', object: restoreOwner(take(created)) }
        } catch (error) {
          if (error instanceof ApiError && (error.status === 422 || error.status === 400) && !isDenied(error)) {
            throw new UnsupportedJobError(`the API server refuses the Job: ${error.message}`, { cause: error })
          }
          const isRefused = error instanceof ApiError && ([403, 404, 409].includes(error.status) || isDenied(error)) && !isTaken(error)
          if (!isRefused && !isTaken(error)) throw error
          const existing = await find(place)
          if (existing !== null) return { kind: 'Exists', object: restoreOwner(take(existing)) }
          if (isInEndingNamespace(error)) throw new UnsupportedJobError(`the namespace ${place.namespace} is being deleted`, { cause: error })
          if (isRefused) throw new JobRefusedError(error.message, { cause: error })
        }
      }
    },
    async observeJobs(run) {
      const mine = jobs.indexed(`${run.namespace}/${run.name}`)
      const observe = async (job: StoredJob): Promise<JobObservation> => {
        await missing.fetch(job, podsOf(job))
        return { job: restoreOwner(job), pods: await masks.maskPods(job, podsOf(job)) }
      }
      return Promise.all(mine.map(observe))
    },
    async listJobs() {
      return [...jobs.all()].flatMap((job) => {
        const run = hasRunObject(job) ? runOf(job) : null
        return run === null ? [] : [{ run, job: restoreOwner(job) }]
      })
    },
    relabelJob: (job, labels) => (isThere(job) ? relabel(job, labels) : Promise.resolve()),
    stopJob: (job) => remove(job, 'Foreground'),
    releaseJob: (job) => (isThere(job) ? release(job) : Promise.resolve()),
    deleteJob: (job) => remove(job, 'Background'),
    async readLogTail(job, maxBytes, pod) {
      const newest = podsToRead(job, pod).at(-1)
      if (newest === undefined || !isThere(job)) return ''
      return masks.maskTail(job, await readPodLogTail(client, newest, maxBytes))
    },
    async followLog(job, hear, signal, pod) {
      // Whole lines come.
      const mask = createMask(await masks.valuesOf(job))
      await followJobLog({
        client,
        pods: () => podsToRead(job, pod),
        isOnly: pod !== undefined,
        current: () => (isThere(job) ? jobs.get(job.metadata) : null),
        hear: (line) => {
          hear(mask(line))
        },
        signal,
      })
    },
    async removeAll(run) {
      const mine = jobs.indexed(`${run.namespace}/${run.name}`)
      await Promise.all(mine.map((job) => remove(job, 'Background')))
      const uids = new Set(mine.map((job) => job.metadata.uid))
      const isLeft = (): boolean => [...pods.all()].some((pod) => uids.has(controllerOf(pod)))
      const deadlineMs = performance.now() + LONGEST_REMOVAL_MS
      while (isLeft()) {
        if (performance.now() > deadlineMs) throw new Error(`pods of ${run.name} are still there: kubectl delete pods -l ${LABELS.run}=${run.name}`)
        await pause(REMOVAL_INTERVAL_MS)
      }
    },
    async killAll() {
      await Promise.all([...pods.all()].map((pod) => kill(pod)))
    },
    subscribe: (listener) => listeners.add(listener),
    async close() {
      await Promise.all(reflectors.map((reflector) => reflector.stop()))
    },
  }
}

function runOf({ metadata }: ApiObject): ObjectRef | null {
  const name = metadata.labels?.[LABELS.run]
  return name === undefined ? null : { namespace: runNamespaceOf(metadata), name }
}

function keysOf(ref: ObjectRef | null): string[] {
  return ref === null ? [] : [`${ref.namespace}/${ref.name}`]
}

/** A name as a part of a JSON pointer. */
function escapePointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}

/** Uid of the Job that controls the pod; '' for none. */
function controllerOf({ metadata }: ApiObject): string {
  return metadata.ownerReferences?.find((owner) => owner.controller === true)?.uid ?? ''
}

function byAge(one: Pod, other: Pod): number {
  const [a, b] = [one.metadata.creationTimestamp, other.metadata.creationTimestamp]
  if (a !== b) return a < b ? -1 : 1
  return one.metadata.name < other.metadata.name ? -1 : 1
}
