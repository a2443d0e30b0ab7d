import { randomBytes } from 'node:crypto'
import { access, chmod, rename, rm, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { deflate } from 'node:zlib'
import { storageError } from './failures.ts'
import type { NewObject } from './objects.ts'
import { objectHeader } from './objects.ts'
import { makeFolder, writeWhole } from './write-file.ts'

const compress = promisify(deflate)

/**
 * Stores objects in git's loose format below `<folder>/objects`. Each appears whole or not at all, since the library's
 * own writer can leave half a file under the final name. With `durable` they are on the disk when this resolves. Throws
 * GitError `Storage`, and only when nothing is being written any more.
 */
export async function writeLooseObjects(folder: string, objects: readonly NewObject[], options: { durable: boolean }): Promise<void> {
  const written = await Promise.allSettled(objects.map((object) => writeLooseObject(folder, object, options.durable)))
  const failed = written.find((one) => one.status === 'rejected')
  if (failed !== undefined) throw storageError(failed.reason, folder)
}

async function writeLooseObject(folder: string, object: NewObject, durable: boolean): Promise<void> {
  const shard = join(folder, 'objects', object.id.slice(0, 2))
  const path = join(shard, object.id.slice(2))
  if (await isThere(path)) {
    // Made young again, as git does it, so that a prune beside us does not take an old left-over that now counts.
    await utimes(path, new Date(), new Date()).catch(() => undefined)
    return
  }
  const bytes = await compress(Buffer.concat([Buffer.from(objectHeader(object.type, object.bytes.length)), object.bytes]))
  await makeFolder(shard)
  // Git's own name for unfinished objects: `git gc` clears them away when we are killed here.
  const unfinished = join(shard, `tmp_obj_${randomBytes(6).toString('hex')}`)
  try {
    await writeWhole(unfinished, bytes, durable)
    await chmod(unfinished, 0o444)
    await rename(unfinished, path)
  } catch (error) {
    await rm(unfinished, { force: true }).catch(() => undefined)
    throw error
  }
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
