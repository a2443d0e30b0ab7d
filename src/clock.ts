/** Where time and chance come from. Everything that is not deterministic is a port, so that the simulator can replay it. */

/** The current time and timers. Times are milliseconds since the Unix epoch. */
export interface Clock {
  now(): number
  /** Calls `fire` once when `now()` has reached `atMs` (at once, but never synchronously, when that has passed). Returns a function that cancels it. */
  setTimer(atMs: number, fire: () => void): () => void
  /** Long work asks this again and again: gives the thread to others once it was held for long, null before. A virtual clock, which stands still meanwhile, has none. */
  pause?(): Promise<void> | null
}

/** Where randomness comes from: jitter of backoff, uids of objects. */
export interface Random {
  /** Uniform in [0, 1). */
  fraction(): number
  /** An RFC 4122 UUID. */
  uuid(): string
}

/** RFC 3339 in UTC with milliseconds, as in `2026-11-20T01:00:00.000Z`. */
export type Timestamp = string

/** The `Timestamp` of a time in milliseconds since the Unix epoch. */
export function formatTimestamp(ms: number): Timestamp {
  return new Date(ms).toISOString()
}

/** RFC 3339 in UTC to the second: the form in which a tick is named, as in `2026-11-20T01:00:00Z`. */
export function formatTick(ms: number): Timestamp {
  return `${new Date(ms).toISOString().slice(0, -5)}Z`
}

/** Milliseconds since the Unix epoch of an RFC 3339 time; NaN when it is none. */
export function parseTimestamp(text: Timestamp): number {
  return Date.parse(text)
}

/**
 * Milliseconds since the Unix epoch of a time that a person wrote, as in `2026-11-20` or `2026-11-20T03:00`; without a zone it is UTC. NaN for what
 * is none, such as the 31st of November.
 */
export function parseWrittenTime(text: string): number {
  const day = /^(\d{4}-\d\d-\d\d)([T ]|$)/.exec(text)?.[1]
  if (day === undefined || !isDay(day)) return NaN
  return Date.parse(text.length === day.length || /(Z|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text}Z`)
}

/** `Date.parse` counts days that a month does not have on into the next one. */
function isDay(text: string): boolean {
  const ms = Date.parse(`${text}T00:00:00Z`)
  return !Number.isNaN(ms) && formatTimestamp(ms).startsWith(text)
}
