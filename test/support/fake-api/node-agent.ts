import { endedPod, startedPod, type PodEnd } from '../../../src/cluster/simulated/pods.ts'
import { isPodEnded } from '../../../src/runs/ends.ts'
import type { Pod } from '../../../src/runs/objects.ts'
import { PODS, type StoredObject } from './resources.ts'
import type { ObjectStore } from './store.ts'
import type { Timers } from './timers.ts'

/** What a container does. */
export interface ContainerBehaviour {
  runMs: number
  exitCode: number
  log: string
  /** Its termination message, of the pod's first container. */
  message?: string
  /** From SIGTERM to its end. */
  termMs: number
  /** Why it never starts, as kubelet says it. */
  stuck?: { reason: string; message: string }
}

/** What the containers of a pod do; `attempt` counts the pods of a Job from 0. */
export type PodBehaviour = (pod: StoredObject, container: { name: string; command?: string[] }, attempt: number) => ContainerBehaviour

/** The node on which all pods "run". */
export interface NodeAgent {
  /** What a container has printed. */
  logOf(pod: StoredObject, container: string): { at: string; text: string }[]
  /** Calls back when the pod has ended; returns the end of it. */
  onEnd(pod: StoredObject, act: () => void): () => void
}

const START_MS = 2
const KILLED = 137
const TERMINATED = 143

interface LivePod {
  behaviours: Map<string, ContainerBehaviour>
  startedAt: string | null
  endsAtMs: number
  cancelEnd: () => void
}

/** Runs the pods of a store. `attemptOf` counts pods of one Job. */
export function createNodeAgent(store: ObjectStore, timers: Timers, behaviour: PodBehaviour, attemptOf: (pod: StoredObject) => number): NodeAgent {
  const live = new Map<string, LivePod>()
  const enders = new Set<() => void>()

  const newest = (of: StoredObject): StoredObject | null => {
    const found = store.find({ resource: PODS, namespace: of.metadata.namespace, name: of.metadata.name })
    return found?.metadata.uid === of.metadata.uid ? found : null
  }
  const write = (pod: StoredObject, change: (pod: Pod) => Pod): StoredObject =>
    store.put(PODS, change(pod as unknown as Pod) as unknown as StoredObject)

  function admit(pod: StoredObject): void {
    const containers = [...listOf(pod, 'initContainers'), ...listOf(pod, 'containers')]
    const behaviours = new Map(containers.map((container) => [container.name, behaviour(pod, container, attemptOf(pod))]))
    live.set(pod.metadata.uid, { behaviours, startedAt: null, endsAtMs: Infinity, cancelEnd: () => undefined })
    timers.after(START_MS, () => start(pod))
  }

  function start(of: StoredObject): void {
    const pod = newest(of)
    const state = live.get(of.metadata.uid)
    if (pod === null || state === undefined || pod.metadata.deletionTimestamp !== undefined) return
    const stuck = [...state.behaviours].find(([, { stuck: reason }]) => reason !== undefined)
    if (stuck !== undefined) {
      const [name, { stuck: waiting }] = stuck
      store.put(PODS, { ...pod, status: { ...pod.status, containerStatuses: [{ name, state: { waiting } }] } })
      return
    }
    const codes = Object.fromEntries([...state.behaviours].map(([name, { exitCode }]) => [name, exitCode]))
    state.startedAt = new Date().toISOString()
    const started = write(pod, (one) => startedPod(one, Date.now(), codes))
    if (isPodEnded(started as unknown as Pod)) return ended(started)
    const running = listOf(pod, 'containers').map(({ name }) => state.behaviours.get(name)?.runMs ?? 0)
    const message = state.behaviours.get(listOf(pod, 'containers')[0]?.name ?? '')?.message
    planEnd(started, state, Math.max(...running), {
      exitCode: 0,
      exitCodes: codes,
      isDisruption: false,
      ...(message === undefined ? {} : { message }),
    })
  }

  function planEnd(of: StoredObject, state: LivePod, afterMs: number, end: PodEnd): void {
    state.cancelEnd()
    state.endsAtMs = Date.now() + afterMs
    state.cancelEnd = timers.after(afterMs, () => {
      const pod = newest(of)
      if (pod === null) return
      const next = isPodEnded(pod as unknown as Pod) ? pod : write(pod, (one) => endedPod(one, Date.now(), end))
      ended(next)
    })
  }

  /** Tells that the pod has ended, and lets it go when it is being deleted. */
  function ended(pod: StoredObject): void {
    for (const act of [...enders]) act()
    if (pod.metadata.deletionTimestamp !== undefined) letGo(pod)
  }

  function letGo(of: StoredObject): void {
    const pod = newest(of)
    if (pod !== null) store.put(PODS, { ...pod, metadata: { ...pod.metadata, deletionGracePeriodSeconds: 0 } })
  }

  function terminate(pod: StoredObject): void {
    const state = live.get(pod.metadata.uid)
    if (state === undefined) return
    const graceMs = 1000 * (pod.metadata.deletionGracePeriodSeconds ?? 0)
    const termMs = state.startedAt === null ? 0 : Math.max(...[...state.behaviours.values()].map((one) => one.termMs))
    const afterMs = Math.min(termMs, graceMs)
    if (Date.now() + afterMs >= state.endsAtMs) return
    planEnd(pod, state, afterMs, { exitCode: termMs < graceMs || graceMs === 0 ? TERMINATED : KILLED, isDisruption: false })
  }

  store.subscribe(({ type, resource, object }) => {
    if (resource !== PODS) return
    if (type === 'ADDED') admit(object)
    else if (type === 'DELETED') {
      live.get(object.metadata.uid)?.cancelEnd()
      live.delete(object.metadata.uid)
      for (const act of [...enders]) act()
    } else if (object.metadata.deletionTimestamp !== undefined && (object.metadata.deletionGracePeriodSeconds ?? 0) > 0) {
      if (isPodEnded(object as unknown as Pod)) timers.after(0, () => letGo(object))
      else terminate(object)
    }
  })

  return {
    logOf(pod, container) {
      const state = live.get(pod.metadata.uid)
      const at = state?.startedAt
      if (at === undefined || at === null) return []
      const lines =
        state?.behaviours
          .get(container)
          ?.log.split('\n')
          .filter((line) => line !== '') ?? []
      return lines.map((text) => ({ at, text }))
    },
    onEnd(of, act) {
      const check = (): void => {
        const pod = newest(of)
        if (pod !== null && !isPodEnded(pod as unknown as Pod)) return
        enders.delete(check)
        act()
      }
      enders.add(check)
      timers.after(0, check)
      return () => enders.delete(check)
    },
  }
}

function listOf(pod: StoredObject, field: 'initContainers' | 'containers'): { name: string; command?: string[] }[] {
  return (pod.spec?.[field] ?? []) as { name: string; command?: string[] }[]
}
