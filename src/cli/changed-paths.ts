import { createHash } from 'node:crypto'
import type { Files } from '../definitions/files.ts'

/** Versions to compare. `known` lists what is tracked: a working tree also holds what is never committed. */
interface Versions {
  base: Files
  known: Files
  files: Files
  /** Folder of the definitions, where new files count too. */
  folder: string
}

/** Paths that differ from the base, or are new. Only what is tracked, or lies with the definitions, is looked at. */
export async function changedPaths({ base, known, files, folder }: Versions): Promise<string[]> {
  const before = new Map((await base.list('')).map(({ path, id }) => [path, id]))
  const tracked = (await known.list('')).map(({ path }) => path)
  const defined = (await files.list(folder === '.' ? '' : folder)).map(({ path }) => path)
  const changed: string[] = []
  for (const path of new Set([...before.keys(), ...tracked, ...defined])) {
    const bytes = await files.read(path)
    if ((bytes === null ? undefined : blobId(bytes)) !== before.get(path)) changed.push(path)
  }
  return changed.sort()
}

/** Git's id of a file's content. */
function blobId(bytes: Uint8Array): string {
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex')
}
