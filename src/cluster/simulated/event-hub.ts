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

/** A hub whose deliveries are timers of the clock. */
export function createEventHub(clock: Clock, delays: EventDelays): EventHub {
  const listeners = new Set<(event: ClusterEvent) => void>()
  return {
    emit(event) {
      for (const listener of listeners) {
        for (const delayMs of delays(event)) {
          clock.setTimer(clock.now() + delayMs, () => {
            if (listeners.has(listener)) listener(event)
          })
        }
      }
    },
    subscribe(listener) {
      const own = (event: ClusterEvent): void => listener(event)
      listeners.add(own)
      return () => {
        listeners.delete(own)
      }
    },
  }
}
