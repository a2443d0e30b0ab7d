import { StringDecoder } from 'node:string_decoder'
import type { Pod } from '../../runs/objects.ts'
import { decidingContainers, mainContainer, runningInits } from '../../runs/pod-containers.ts'
import type { ApiClient } from './api-client.ts'
import { pause } from './api-client.ts'
import { ApiError, UnansweredError } from './api-error.ts'
import { objectPath } from './resources.ts'

/** A cut log is asked for again after this long. */
const RETRY_MS = 500
/** So often last lines that cannot be read are asked for, but only once when that alone took so long: a run waits. */
const MOST_TRIES = 3
const SLOW_MS = 5000
/** So many times in a row the log of a container that is over may be cut without a new line. */
const MOST_CUTS = 10
/** How much of a log is asked for when its last lines are wanted: a line may be long. */
const TAIL_LINES = '200'

/**
 * The last lines that fit, of the container that matters: the one that failed, else the one that the pod has come to. '' when there is no log. Where it cannot be read, as
 * with its node away, it says so soon: a run waits for it.
 */
export async function readPodLogTail(client: ApiClient, pod: Pod, maxBytes: number, retryMs = RETRY_MS): Promise<string> {
  const query = { container: decidingContainer(pod), tailLines: TAIL_LINES }
  const slowMs = performance.now() + SLOW_MS
  for (let tries = 1; ; tries++) {
    try {
      return lastLines(await client.text({ path: `${objectPath('pods', pod.metadata)}/log`, query }), maxBytes)
    } catch (error) {
      if (isWithoutLog(error)) return ''
      if (!(error instanceof ApiError || error instanceof UnansweredError)) throw error
      const mayPass = error instanceof UnansweredError || error.status >= 500
      if (!mayPass || tries >= MOST_TRIES || performance.now() > slowMs) return cannotRead(error).slice(0, maxBytes)
    }
    await pause(retryMs)
  }
}

/**
 * Tells what a container prints, as it comes, from the first line on; a connection that is cut is taken up again where it was, by the time
 * stamps of the lines. Resolves when the container has ended and all is told, or cannot be had, which is said; or when the signal aborts.
 */
export async function followContainerLog(options: {
  client: ApiClient
  pod: Pod
  container: string
  hear: (text: string) => void
  /** Whether the container has ended or the pod is gone: a log that ends then is told to its end. */
  isOver: () => boolean
  signal: AbortSignal
  /** For tests. */
  retryMs?: number
}): Promise<void> {
  const { client, pod, container, isOver, signal, retryMs = RETRY_MS } = options
  const path = `${objectPath('pods', pod.metadata)}/log`
  /** Time stamp of the last line told, and how many lines with that very stamp were. */
  let last = { stamp: '', count: 0 }
  let cuts = 0
  while (!signal.aborted) {
    const wasOver = isOver()
    const from = last
    try {
      // Whole seconds only: lines of that second that were told already come again, and are known by their stamps.
      const sinceTime = last.stamp === '' ? undefined : `${last.stamp.slice(0, 19)}Z`
      const stream = await client.stream({ path, query: { container, follow: 'true', timestamps: 'true', sinceTime }, signal })
      let repeated = 0
      for await (const line of readLines(stream)) {
        // Cut within a line: it comes again as a whole, and a value of a Secret in it as one.
        if (!wasOver && !line.endsWith('\n')) break
        const stamp = line.slice(0, line.indexOf(' '))
        if (from.stamp !== '' && (isEarlier(stamp, from.stamp) || (stamp === from.stamp && ++repeated <= from.count))) continue
        last = stamp === last.stamp ? { stamp, count: last.count + 1 } : { stamp, count: 1 }
        options.hear(line.slice(line.indexOf(' ') + 1))
      }
      if (wasOver) return
    } catch (error) {
      // Not started yet, cut, or gone: whether there is more to come is seen from the pod.
      if (wasOver && isWithoutLog(error)) return
      cuts = wasOver && last === from ? cuts + 1 : 0
      if (cuts >= MOST_CUTS && !signal.aborted) {
        options.hear(cannotRead(error))
        return
      }
    }
    await pause(retryMs, signal).catch(() => undefined)
  }
}

/** 404: the pod is gone. 400: the container has not started, or its log is gone with it. */
function isWithoutLog(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 404 || error.status === 400)
}

function cannotRead(error: unknown): string {
  return `the log could not be read: ${error instanceof Error ? error.message : String(error)}\n`
}

/** RFC 3339 with nanoseconds, whose trailing zeros are left out, the point with them. */
function isEarlier(stamp: string, than: string): boolean {
  const [one, other] = [stamp, than].map((text) => {
    const [seconds = '', fraction = ''] = text.replace('Z', '').split('.')
    return `${seconds}.${fraction.padEnd(9, '0')}`
  })
  return (one ?? '') < (other ?? '')
}

/** Lines with their ends; the last may have none. */
async function* readLines(stream: AsyncIterable<Buffer>): AsyncIterable<string> {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  for await (const piece of stream) {
    const lines = (rest + decoder.write(piece)).split(/(?<=\n)/)
    rest = lines.at(-1)?.endsWith('\n') === true ? '' : (lines.pop() ?? '')
    yield* lines
  }
  if (rest !== '') yield rest
}

function decidingContainer(pod: Pod): string | undefined {
  const failed = decidingContainers(pod).find((one) => (one.state?.terminated?.exitCode ?? 0) !== 0)
  return (failed ?? runningInits(pod)[0] ?? mainContainer(pod))?.name
}

function lastLines(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text)
  if (bytes.length <= maxBytes) return text
  const tail = bytes.subarray(bytes.length - maxBytes)
  const isWhole = bytes[bytes.length - maxBytes - 1] === 10
  const start = isWhole ? 0 : tail.indexOf(10) + 1
  // One line that is longer than all: its end is better than nothing.
  return tail.subarray(start).toString('utf8')
}
