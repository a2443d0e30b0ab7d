import { StringDecoder } from 'node:string_decoder'
import type { Pod } from '../../runs/objects.ts'
import type { ApiClient } from './api-client.ts'
import { pause } from './api-client.ts'
import { ApiError, isNotFound } from './api-error.ts'
import { objectPath } from './resources.ts'

/** A cut log is asked for again after this long. */
const RETRY_MS = 500
/** How much of a log is asked for when its last lines are wanted: a line may be long. */
const TAIL_LINES = '200'

/** The last lines that fit, of the container that matters: the one that failed, else the first. '' when there is no log. */
export async function readPodLogTail(client: ApiClient, pod: Pod, maxBytes: number): Promise<string> {
  try {
    const query = { container: decidingContainer(pod), tailLines: TAIL_LINES }
    return lastLines(await client.text({ path: `${objectPath('pods', pod.metadata)}/log`, query }), maxBytes)
  } catch (error) {
    // 400: the container has not started, or its log is gone with it.
    if (isNotFound(error) || (error instanceof ApiError && error.status === 400)) return ''
    throw error
  }
}

/**
 * Tells what a container prints, as it comes, from the first line on; a connection that is cut is taken up again where it was, by the time
 * stamps of the lines. Resolves when the container has ended and all is told, or the signal aborts.
 */
export async function followContainerLog(options: {
  client: ApiClient
  pod: Pod
  container: string
  hear: (text: string) => void
  /** Whether the container has ended or the pod is gone: a log that ends then is told to its end. */
  isOver: () => boolean
  signal: AbortSignal
}): Promise<void> {
  const { client, pod, container, isOver, signal } = options
  const path = `${objectPath('pods', pod.metadata)}/log`
  /** Time stamp of the last line told, and how many lines with that very stamp were. */
  let last = { stamp: '', count: 0 }
  while (!signal.aborted) {
    const wasOver = isOver()
    try {
      // Whole seconds only: lines of that second that were told already come again, and are known by their stamps.
      const sinceTime = last.stamp === '' ? undefined : `${last.stamp.slice(0, 19)}Z`
      const stream = await client.stream({ path, query: { container, follow: 'true', timestamps: 'true', sinceTime }, signal })
      const from = last
      let repeated = 0
      for await (const line of readLines(stream)) {
        const stamp = line.slice(0, line.indexOf(' '))
        if (from.stamp !== '' && (isEarlier(stamp, from.stamp) || (stamp === from.stamp && ++repeated <= from.count))) continue
        last = stamp === last.stamp ? { stamp, count: last.count + 1 } : { stamp, count: 1 }
        options.hear(line.slice(line.indexOf(' ') + 1))
      }
    } catch {
      // Not started yet, cut, or gone: whether there is more to come is seen from the pod.
    }
    if (wasOver) return
    await pause(RETRY_MS, signal).catch(() => undefined)
  }
}

/** RFC 3339 with nanoseconds, whose trailing zeros are left out. */
function isEarlier(stamp: string, than: string): boolean {
  return stamp.replace('Z', '').padEnd(30, '0') < than.replace('Z', '').padEnd(30, '0')
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
  const statuses = [...(pod.status.initContainerStatuses ?? []), ...(pod.status.containerStatuses ?? [])]
  const failed = statuses.find((one) => (one.state?.terminated?.exitCode ?? 0) !== 0)
  return failed?.name ?? pod.status.containerStatuses?.[0]?.name
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
