import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { StringDecoder } from 'node:string_decoder'
import type { Clock } from '../../clock.ts'
import type { StreamMask } from '../../runs/mask.ts'
import { createStreamMask } from '../../runs/mask.ts'
import { codeOf } from './storage-errors.ts'

/** Output is told this often while a container prints. */
const INTERVAL_MS = 100
const CHUNK_BYTES = 65_536

/** What a follower needs to know of a Job, anew each time it asks. */
export interface FollowedJob {
  /** Folders of its pods, oldest first. */
  podFolders: string[]
  /** Containers of each pod. */
  containers: number
  /** Whether nothing more will be printed. */
  isOver: boolean
}

/**
 * Tells what the containers of a Job's pods print, from the first line on and as it comes. Pieces may end within a line. Resolves when the
 * Job is over and all is told, or when the signal aborts. What a container printed beyond the limit of its log may be left out.
 */
export async function followPodLogs(
  clock: Clock,
  look: () => FollowedJob,
  secretValues: readonly string[],
  hear: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const masks: StreamMask[] = []
  const readers = new Map<string, () => Promise<boolean>>()
  function createMaskedReader(file: string): () => Promise<boolean> {
    const mask = createStreamMask(secretValues)
    masks.push(mask)
    return createReader(file, (text) => {
      tell(mask.take(text))
    })
  }
  function tell(text: string): void {
    if (text !== '') hear(text)
  }
  for (;;) {
    const { podFolders, containers, isOver } = look()
    for (const folder of podFolders) {
      for (let index = 0; index < containers; index++) {
        const file = join(folder, 'logs', String(index))
        const read = readers.get(file) ?? createMaskedReader(file)
        readers.set(file, read)
        while (await read());
      }
    }
    if (isOver || signal.aborted) {
      for (const mask of masks) tell(mask.rest())
      return
    }
    await pause(clock, signal)
  }
}

/** Reads what has been added to a file since the last call; returns whether there may be more at once. */
function createReader(file: string, hear: (text: string) => void): () => Promise<boolean> {
  const decoder = new StringDecoder('utf8')
  const buffer = Buffer.alloc(CHUNK_BYTES)
  let position = 0
  return async () => {
    const handle = await openIfThere(file)
    if (handle === null) return false
    try {
      // A log that has reached its limit is moved away, and begins anew.
      if ((await handle.stat()).size < position) position = 0
      const { bytesRead } = await handle.read(buffer, 0, CHUNK_BYTES, position)
      position += bytesRead
      if (bytesRead > 0) hear(decoder.write(buffer.subarray(0, bytesRead)))
      return bytesRead === CHUNK_BYTES
    } finally {
      await handle.close()
    }
  }
}

async function openIfThere(file: string): Promise<Awaited<ReturnType<typeof open>> | null> {
  try {
    return await open(file)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}

function pause(clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.setTimer(clock.now() + INTERVAL_MS, done)
    function done(): void {
      cancel()
      signal.removeEventListener('abort', done)
      resolve()
    }
    signal.addEventListener('abort', done)
  })
}
