import { createHash, randomBytes } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { open, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { errorCode, storageError } from './failures.ts'
import { indexPack } from './index-pack.ts'
import { GitError } from './ports.ts'
import { makeFolder } from './write-file.ts'

/** Takes one pack into a folder of objects. */
export interface PackReceiver {
  /** Throws GitError `Storage`. */
  write(bytes: Uint8Array): Promise<void>
  /** Indexes the pack; only then can its objects be read. Throws GitError `Corrupt`, `Storage`. */
  finish(): Promise<void>
  /** Throws away what came so far; nothing happens after `finish`. */
  discard(): Promise<void>
}

const HEADER_BYTES = 12
const CHECKSUM_BYTES = 20

/** Receives into `<folder>/objects/pack`. Until it is finished the pack lies apart, so that a kill leaves nothing that could be read. */
export function createPackReceiver(folder: string, where: string): PackReceiver {
  const packs = join(folder, 'objects/pack')
  const incoming = join(packs, `incoming-${randomBytes(6).toString('hex')}`)
  const check = createPackCheck()
  let file: FileHandle | null = null

  async function store<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw storageError(error, folder)
    }
  }

  async function close(): Promise<void> {
    await file?.close()
    file = null
  }

  async function install(): Promise<void> {
    const { count, checksum } = check.result()
    if (checksum === null) throw corruptPack(where)
    if (count === 0) return
    await index(incoming, folder, count, where)
    const name = join(packs, `pack-${checksum}`)
    await store(async () => {
      // The index last: who lists packs looks for it.
      await rename(join(incoming, 'new.pack'), `${name}.pack`)
      await rename(join(incoming, 'new.idx'), `${name}.idx`)
    })
  }

  return {
    async write(bytes) {
      check.update(bytes)
      await store(async () => {
        if (file === null) {
          await makeFolder(incoming)
          file = await open(join(incoming, 'new.pack'), 'wx')
        }
        await file.writeFile(bytes)
      })
    },
    async finish() {
      try {
        await store(close)
        await install()
      } finally {
        await this.discard()
      }
    },
    async discard() {
      await close().catch(() => undefined)
      await rm(incoming, { recursive: true, force: true }).catch(() => undefined)
    },
  }
}

async function index(incoming: string, folder: string, count: number, where: string): Promise<void> {
  try {
    const { size } = await stat(join(incoming, 'new.pack'))
    // The library leaves out what it cannot resolve and says nothing.
    if ((await indexPack({ folder: incoming, gitFolder: folder, file: 'new.pack' }, size)) !== count) throw corruptPack(where)
  } catch (error) {
    if (error instanceof GitError) throw error
    const isSystemError = /^E[A-Z]+$/.test(errorCode(error))
    throw isSystemError ? storageError(error, folder) : corruptPack(where, error)
  }
}

function corruptPack(where: string, cause?: unknown): GitError {
  return new GitError('Corrupt', `${where} sent a broken pack: check the repository there with git fsck`, { cause })
}

interface PackCheck {
  update(bytes: Uint8Array): void
  /** Number of objects, and the checksum at the end when it is right. */
  result(): { count: number; checksum: string | null }
}

/** Computes the checksum while the pack passes by; its last twenty bytes are the checksum itself. */
function createPackCheck(): PackCheck {
  const hash = createHash('sha1')
  let head = Buffer.alloc(0)
  let tail: Buffer = Buffer.alloc(0)
  return {
    update(bytes) {
      if (head.length < HEADER_BYTES) head = Buffer.concat([head, bytes.subarray(0, HEADER_BYTES - head.length)])
      const all = Buffer.concat([tail, bytes])
      const end = Math.max(0, all.length - CHECKSUM_BYTES)
      hash.update(all.subarray(0, end))
      tail = all.subarray(end)
    },
    result() {
      const checksum = tail.toString('hex')
      const isPack = head.length === HEADER_BYTES && head.toString('latin1', 0, 4) === 'PACK'
      return { count: isPack ? head.readUInt32BE(8) : 0, checksum: isPack && hash.digest('hex') === checksum ? checksum : null }
    },
  }
}
