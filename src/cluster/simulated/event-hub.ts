import type { Clock } from '../../clock.ts'
import type { ClusterEvent } from '../ports.ts'

/** When a subscriber hears of an event: one delay in ms for each time that it does. None means that the event is lost. */
export type EventDelays = (event: ClusterEvent) => readonly number[]

/** Carries events to whoever listens, never synchronously. */
export interface EventHub {
  emit(event: ClusterEvent): void
  subscribe(listener: (event: ClusterEvent) => void): () => void
}

/** Every event once, as soon as everything that goes on now has settled. */
export const promptEvents: EventDelays = () => [0]

/** A hub whose deliveries are timers of the clock. What is told already at the very same time is not told twice, but as it is by then. */
export function createEventHub(clock: Clock, delays: EventDelays): EventHub {
  const listeners = new Map<(event: ClusterEvent) => void, Map<string, ClusterEvent>>()
  return {
    emit(event) {
      const { namespace, name } = event.kind === 'Run' ? event.ref : event.run
      for (const [listener, underWay] of listeners) {
        for (const delayMs of delays(event)) {
          const atMs = clock.now() + delayMs
          const key = `${atMs} ${event.kind} ${namespace}/${name}`
          const isTold = underWay.has(key)
          underWay.set(key, event)
          if (isTold) continue
          clock.setTimer(atMs, () => {
            const newest = underWay.get(key) ?? event
            underWay.delete(key)
            if (listeners.has(listener)) listener(newest)
          })
        }
      }
    },
    subscribe(listener) {
      const own = (event: ClusterEvent): void => listener(event)
      listeners.set(own, new Map())
      return () => {
        listeners.delete(own)
      }
    },
  }
}
