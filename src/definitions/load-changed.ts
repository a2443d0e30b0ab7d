import { analyseFile } from './analyse-file.ts'
import type { DefinitionCache } from './definition-cache.ts'
import type { FileEntry, Files } from './files.ts'
import type { LastLoad } from './link/memory.ts'
import { relink } from './link/relink.ts'
import { readManifests, type FoundManifest } from './manifests/read-manifests.ts'
import { isDocumentFile } from './repository-path.ts'
import { MAX_FILE_BYTES } from './source/decode-text.ts'

/** With more changes than this it is quicker to look at everything. */
const MOST_CHANGES = 20

/**
 * What has become of the last load when a few files are other now, and no others have to be looked at for that; null when everything has to.
 * What has not changed costs nothing but a comparison.
 */
export async function loadChanged(files: Files, entries: readonly FileEntry[], last: LastLoad, cache: DefinitionCache): Promise<LastLoad | null> {
  const changed = findChanged(last.entries, entries)
  if (!changed) return null
  const manifests = last.references.length === 0 ? last.manifests : await readManifests(files, last.references, cache)
  if (!areSame(last.manifests, manifests)) return null
  let { linked } = last
  for (const { path, id } of changed) {
    const index = last.indexes.get(path)
    const bytes = await files.read(path, MAX_FILE_BYTES)
    if (index === undefined || !bytes) return null
    const analysis = cache.files.get(id) ?? analyseFile(bytes, cache)
    cache.files.set(id, analysis)
    const next = relink(linked, index, analysis)
    if (!next) return null
    linked = next
  }
  return { ...last, entries, linked }
}

/** The documents among the same files that are other now; null when files have come or gone, or many are other. */
function findChanged(before: readonly FileEntry[], after: readonly FileEntry[]): FileEntry[] | null {
  if (before.length !== after.length) return null
  const changed: FileEntry[] = []
  for (const [index, entry] of after.entries()) {
    const old = before[index]
    if (entry === old) continue
    if (entry.path !== old?.path) return null
    if (entry.id === old.id || !isDocumentFile(entry.path)) continue
    if (changed.push(entry) > MOST_CHANGES) return null
  }
  return changed
}

function areSame(before: ReadonlyMap<string, FoundManifest>, after: ReadonlyMap<string, FoundManifest>): boolean {
  return [...after].every(([reference, found]) => {
    const old = before.get(reference)
    if (!old || old.kind !== found.kind) return false
    const [known, now] = [filesOf(old), filesOf(found)]
    return known.length === now.length && now.every(({ path, analysis }, index) => known[index]?.path === path && known[index].analysis === analysis)
  })
}

function filesOf(found: FoundManifest) {
  if (found.kind === 'Missing') return []
  return found.kind === 'File' ? [found.file] : found.files
}
