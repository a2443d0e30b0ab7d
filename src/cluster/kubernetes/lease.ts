import type { ObjectRef } from '../../runs/objects.ts'
import type { ApiClient } from './api-client.ts'
import { pause } from './api-client.ts'
import { isConflict, isNotFound, isTaken } from './api-error.ts'
import { collectionPath, objectPath } from './resources.ts'

/** How long others leave a lease alone that is not renewed. */
const LEASE_SECONDS = 15
/** Its holder counts it as lost a good while before. */
const HOLD_MS = 10_000
const RENEW_MS = 2500
/** Annotation with where the holder listens. */
const ADDRESS = 'fusee.dev/address'

/** One of many holds it at a time; only that one acts. */
export interface Lease {
  /** Resolves once it is ours; rejects with the signal's reason when that comes first. */
  acquired: Promise<void>
  /** Resolves with why it is not ours any more; never when it is given back. */
  lost: Promise<string>
  /** Whether it surely is ours now: false too for a process that was paused for long, before it does anything. */
  isHeld(): boolean
  /** Says where we listen, as `http://host:port`: whoever does not hold the lease learns it from the holder. */
  announce(address: string): void
  /** Where another one listens that holds the lease, as far as is known; null while it is ours or nobody's. */
  holderAddress(): string | null
  /** Gives it back, so that another need not wait. */
  release(): Promise<void>
}

interface LeaseObject {
  metadata: { name: string; namespace: string; resourceVersion?: string; annotations?: Record<string, string> }
  spec: {
    holderIdentity?: string | null
    leaseDurationSeconds?: number
    acquireTime?: string
    renewTime?: string
    leaseTransitions?: number
  }
}

/** What is contended for, and how. Times are for tests. */
export interface LeaseOptions {
  client: ApiClient
  ref: ObjectRef
  /** Of this process alone. */
  identity: string
  onError: (error: unknown) => void
  leaseSeconds?: number
  holdMs?: number
  renewMs?: number
}

/**
 * Contends for a Lease until it is ours, then renews it. What others do is judged by how long the object has not changed in our own sight, never
 * by their clocks; each write carries the version that it was decided on. Algorithm of client-go's leaderelection.
 */
export function contendForLease(options: LeaseOptions): Lease {
  const { client, ref, identity, onError, leaseSeconds = LEASE_SECONDS, holdMs = HOLD_MS, renewMs = RENEW_MS } = options
  const end = new AbortController()
  const now = createSteadyClock()
  let isHolder = false
  let heldUntilMs = Number.NEGATIVE_INFINITY
  let ownAddress = ''
  let holderAddress: string | null = null
  let seen = { version: '', atMs: 0 }
  let resolveAcquired: () => void = () => undefined
  let resolveLost: (why: string) => void = () => undefined
  const acquired = new Promise<void>((resolve) => (resolveAcquired = resolve))
  const lost = new Promise<string>((resolve) => (resolveLost = resolve))

  async function read(): Promise<LeaseObject | null> {
    try {
      return await client.request<LeaseObject>({ path: objectPath('leases', ref), signal: AbortSignal.timeout(holdMs / 2) })
    } catch (error) {
      if (isNotFound(error)) return null
      throw error
    }
  }

  /** One try to take or renew it; whether it is ours now. */
  async function attempt(): Promise<boolean> {
    const found = await read()
    const time = new Date().toISOString().replace('Z', '000Z')
    const isOurs = found?.spec.holderIdentity === identity
    const version = found?.metadata.resourceVersion ?? ''
    if (version !== seen.version) seen = { version, atMs: now() }
    // Whoever had it and finds it given back by another was away for longer than its memory is worth.
    if (isHolder && found !== null && !isOurs) return false
    const isFree = found === null || isOurs || (found.spec.holderIdentity ?? '') === '' || now() - seen.atMs > leaseSeconds * 1000
    holderAddress = isFree ? null : (found.metadata.annotations?.[ADDRESS] ?? null) || null
    if (!isFree) return false
    const transitions = (found?.spec.leaseTransitions ?? -1) + (isOurs ? 0 : 1)
    const spec: LeaseObject['spec'] = {
      ...found?.spec,
      holderIdentity: identity,
      leaseDurationSeconds: leaseSeconds,
      renewTime: time,
      acquireTime: isOurs ? (found.spec.acquireTime ?? time) : time,
      leaseTransitions: transitions,
    }
    return write(found, spec)
  }

  async function write(found: LeaseObject | null, spec: LeaseObject['spec']): Promise<boolean> {
    const metadata = { ...ref, ...found?.metadata, annotations: { ...found?.metadata.annotations, [ADDRESS]: ownAddress } }
    const body = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', ...found, metadata, spec }
    const signal = AbortSignal.timeout(holdMs / 2)
    try {
      if (found === null) await client.request({ method: 'POST', path: collectionPath('leases', ref.namespace), body, signal })
      else await client.request({ method: 'PUT', path: objectPath('leases', ref), body, signal })
      return true
    } catch (error) {
      // Somebody else was faster.
      if (isConflict(error) || isTaken(error) || isNotFound(error)) return false
      throw error
    }
  }

  async function contend(): Promise<void> {
    while (!end.signal.aborted) {
      const beganMs = now()
      let isOurs: boolean | null = null
      try {
        isOurs = await attempt()
      } catch (error) {
        onError(error)
      }
      if (isOurs === true) {
        heldUntilMs = beganMs + holdMs
        if (!isHolder) resolveAcquired()
        isHolder = true
      } else if (isHolder && (isOurs === false || now() > heldUntilMs)) {
        heldUntilMs = Number.NEGATIVE_INFINITY
        resolveLost(isOurs === false ? 'another controller holds the lease now' : 'the lease could not be renewed in time')
        return
      }
      await pause(renewMs * (isHolder ? 1 : 1 + Math.random() / 5), end.signal).catch(() => undefined)
    }
  }

  const contending = contend()
  return {
    acquired,
    lost,
    isHeld: () => now() <= heldUntilMs,
    announce(address) {
      ownAddress = address
    },
    holderAddress: () => holderAddress,
    async release() {
      end.abort()
      await contending
      if (now() > heldUntilMs) return
      heldUntilMs = Number.NEGATIVE_INFINITY
      try {
        const found = await read()
        if (found?.spec.holderIdentity === identity) await write(found, { ...found.spec, holderIdentity: '' })
      } catch (error) {
        onError(error)
      }
    },
  }
}

/** Milliseconds that never go back, and that count a machine that slept as well as a process that was stopped. */
function createSteadyClock(): () => number {
  let last = performance.now()
  let lastWall = Date.now()
  let offset = 0
  return () => {
    const [steady, wall] = [performance.now(), Date.now()]
    // A wall clock that has moved much further than ours: the machine slept, or was set. Either way it is later than we thought.
    const missed = wall - lastWall - (steady - last)
    if (missed > 1000) offset += missed
    ;[last, lastWall] = [steady, wall]
    return steady + offset
  }
}
