import { createHash } from 'node:crypto'
import type { DefinitionCache } from '../definition-cache.ts'
import type { FileEntry, Files } from '../files.ts'
import { folderOf, isDocumentFile, repositoryPath } from '../repository-path.ts'
import { MAX_FILE_BYTES } from '../source/decode-text.ts'
import { analyseManifest, type ManifestAnalysis } from './analyse-manifest.ts'

/** A manifest file of the repository. */
export interface ManifestFile {
  path: string
  analysis: ManifestAnalysis
}

/** What lies where a step says that its manifest is. */
export type FoundManifest = { kind: 'Missing' } | { kind: 'File'; file: ManifestFile } | { kind: 'Folder'; path: string; files: ManifestFile[] }

/** Reads what these references name, each once. The result has an entry for each reference as written. */
export async function readManifests(files: Files, references: Iterable<string>, cache: DefinitionCache): Promise<Map<string, FoundManifest>> {
  const folders = new Map<string, Promise<FileEntry[]>>()
  const found = new Map<string, FoundManifest>()
  for (const reference of new Set(references)) found.set(reference, await find(reference))
  return found

  async function find(reference: string): Promise<FoundManifest> {
    const path = repositoryPath(reference)
    if (path === null || path === '') return { kind: 'Missing' }
    const file = await findFile(path)
    if (file) return { kind: 'File', file }
    const entries = await listFolder(path)
    if (entries.length === 0) return { kind: 'Missing' }
    const inside = entries.filter((entry) => folderOf(entry.path) === path && isDocumentFile(entry.path))
    const read = await Promise.all(inside.map(readEntry))
    return { kind: 'Folder', path, files: read.flatMap((manifest) => manifest ?? []) }
  }

  /** By its folder's list, which tells the content's id; the root is not listed for it, since that lists the whole repository. */
  async function findFile(path: string): Promise<ManifestFile | null> {
    const folder = folderOf(path)
    if (folder === '') return readRootFile(path)
    const entry = (await listFolder(folder)).find((candidate) => candidate.path === path)
    return entry ? readEntry(entry) : null
  }

  function listFolder(folder: string): Promise<FileEntry[]> {
    const known = folders.get(folder)
    if (known) return known
    const listed = files.list(folder)
    folders.set(folder, listed)
    return listed
  }

  async function readEntry({ path, id }: FileEntry): Promise<ManifestFile | null> {
    const known = cache.manifests.get(id)
    if (known) return { path, analysis: known }
    const bytes = await files.read(path, MAX_FILE_BYTES)
    return bytes && remember(path, id, bytes)
  }

  async function readRootFile(path: string): Promise<ManifestFile | null> {
    const bytes = await files.read(path, MAX_FILE_BYTES)
    if (!bytes) return null
    const id = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
    const known = cache.manifests.get(id)
    return known ? { path, analysis: known } : remember(path, id, bytes)
  }

  function remember(path: string, id: string, bytes: Uint8Array): ManifestFile {
    const analysis = analyseManifest(bytes)
    cache.manifests.set(id, analysis)
    return { path, analysis }
  }
}
