import { createHash } from 'node:crypto'

/** What happened in one simulation, in order: equal seeds have equal traces. */
export interface Trace {
  add(text: string, fields?: Record<string, unknown>): void
  /** Changes when anything in the trace does. */
  digest(): string
  /** The last lines, for people. */
  tail(count: number): string
  readonly length: number
}

/** An empty trace whose lines carry the time of `now`. */
export function createTrace(now: () => number): Trace {
  const lines: { atMs: number; text: string; fields: Record<string, unknown> | undefined }[] = []
  const print = ({ atMs, text, fields }: (typeof lines)[number]): string =>
    `${new Date(atMs).toISOString().slice(5, 23)} ${text}${fields === undefined ? '' : ` ${JSON.stringify(fields).slice(0, 400)}`}`
  return {
    add(text, fields) {
      lines.push({ atMs: now(), text, fields })
    },
    digest() {
      const hash = createHash('sha256')
      for (const { atMs, text } of lines) hash.update(`${atMs} ${text}\n`)
      return hash.digest('hex').slice(0, 16)
    },
    tail: (count) => lines.slice(-count).map(print).join('\n'),
    get length() {
      return lines.length
    },
  }
}
