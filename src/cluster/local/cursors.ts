import type { ObjectRef } from '../../runs/objects.ts'
import type { Cursors } from '../../runs/run.ts'
import { ConflictError } from '../ports.ts'
import type { DataFolder } from './data-folder.ts'
import { createKeyedQueue } from './keyed-queue.ts'
import { assertName, keyOf } from './object-store.ts'
import { CorruptFileError } from './storage-errors.ts'

/** The cursors of all Repositories of a data folder, one file each. */
export interface CursorFiles {
  read(repository: ObjectRef): Promise<Cursors | null>
  /** Throws ConflictError when `cursors.resourceVersion` is not the newest. */
  write(repository: ObjectRef, cursors: Cursors): Promise<Cursors>
}

/** Cursors below `repositories/`. */
export function openCursorFiles(folder: DataFolder): CursorFiles {
  const serialize = createKeyedQueue()

  async function read(repository: ObjectRef): Promise<Cursors | null> {
    const file = fileOf(repository)
    const value = await folder.files.read(file)
    if (value === null) return null
    if (typeof (value as Partial<Cursors>).resourceVersion === 'string') return value as Cursors
    throw new CorruptFileError(folder.files.resolve(file), 'it does not hold cursors')
  }

  return {
    read,
    write: (repository, cursors) =>
      serialize(keyOf(repository), async () => {
        assertName(repository)
        const newest = (await read(repository))?.resourceVersion ?? ''
        if (newest !== cursors.resourceVersion) throw new ConflictError(`the cursors of ${keyOf(repository)} have changed`)
        const written = { ...structuredClone(cursors), resourceVersion: folder.nextVersion() }
        await folder.files.write(fileOf(repository), written)
        return structuredClone(written)
      }),
  }
}

function fileOf(repository: ObjectRef): string {
  return `repositories/${keyOf(repository)}.json`
}
