import { analyseFile, type FileAnalysis } from './analyse-file.ts'
import { createDefinitionCache, type DefinitionCache } from './definition-cache.ts'
import type { FileEntry, Files } from './files.ts'
import { linkDefinitions, type AnalysedFile } from './link/link-definitions.ts'
import { loadChanged } from './load-changed.ts'
import { readManifests } from './manifests/read-manifests.ts'
import type { Policy } from './policy/policy.ts'
import { compareText } from './problem.ts'
import { isDocumentFile, repositoryPath } from './repository-path.ts'
import { MAX_FILE_BYTES } from './source/decode-text.ts'
import type { Definitions } from './workflow.ts'

/** Files that are read at once. */
const PARALLEL_READS = 16

/** Fewer new files than this are read here: other threads take longer to start. */
const WORTH_THREADS = 300

/** Somebody who reads many files at a time. */
export interface Elsewhere {
  /** How many batches are under way at once. */
  lanes: number
  /** What each content says, in their order; null, or nothing, for what has to be read here. */
  analyse(contents: readonly Uint8Array[]): Promise<(FileAnalysis | null)[]>
}

/** Where the definitions lie, and what is known already. */
export interface LoadOptions {
  /** Folder of the definitions, relative to the repository's root; '' or `.` is the root. */
  path: string
  /** Pass the same one every time: content that it has seen is not read again. The result shares parts with it: do not change them. */
  cache?: DefinitionCache
  /** What the Repository allows steps to ask for; nobody is refused anything when absent. */
  policy?: Policy
  /** Asked again and again on the way: gives the thread to others for a moment when it is time to. Never when absent. */
  pause?: (() => Promise<void> | null) | undefined
  /** Reads files that are new, when they are many. */
  elsewhere?: Elsewhere | null | undefined
  /** Nothing will be loaded again with this cache: the ids of contents, which may have to be worked out, are not asked for. */
  isOnce?: boolean
}

/**
 * Reads and checks everything that a commit, or a working tree, defines. No content makes it throw: what is wrong becomes
 * diagnostics, and one file's mistakes leave the others alone. Rejects only when `files` does.
 */
export async function loadDefinitions(
  files: Files,
  { path, cache = createDefinitionCache(), policy, pause, elsewhere, isOnce = false }: LoadOptions,
): Promise<Definitions> {
  const folder = repositoryPath(path)
  const entries = folder === null ? [] : await files.list(folder)
  const { language, memory } = cache
  const last = memory.last?.folder === folder && memory.last.policy === (policy ?? null) ? memory.last : null
  memory.last = null
  const again = last && (await loadChanged(files, entries, last, cache))
  if (again) {
    memory.last = again
    return again.linked.definitions
  }
  const sorted = entries.filter((entry) => isDocumentFile(entry.path)).sort((one, other) => compareText(one.path, other.path))
  const analysed = await analyseFiles(files, sorted, cache, { pause, elsewhere, isOnce })
  const references = analysed.flatMap(({ analysis }) =>
    analysis.workflows.flatMap((workflow) => workflow.references.map((reference) => reference.path)),
  )
  const manifests = await readManifests(files, references, cache)
  const linking = linkDefinitions(analysed, manifests, { policy: policy ?? null, language, memory })
  let step = linking.next()
  while (step.done !== true) {
    // Only a pause that is due costs a turn.
    const paused = pause?.() ?? null
    if (paused !== null) await paused
    step = linking.next()
  }
  const indexes = new Map(analysed.map((file, index) => [file.path, index]))
  memory.last = { folder: folder ?? '', policy: policy ?? null, entries, indexes, references, manifests, linked: step.value }
  return step.value.definitions
}

/** The files and what they say, in their order; only those that are not known are read. */
async function analyseFiles(
  files: Files,
  entries: readonly FileEntry[],
  cache: DefinitionCache,
  { pause, elsewhere, isOnce }: Pick<LoadOptions, 'pause' | 'elsewhere' | 'isOnce'>,
): Promise<AnalysedFile[]> {
  // An id may have to be worked out from the content: the first time there is nothing to compare it with.
  const known = cache.files.size === 0 ? [] : entries.map(({ id }) => cache.files.get(id))
  const unknown = entries.filter((_, index) => known[index] === undefined)
  const read = new Map<string, FileAnalysis>()
  const others = elsewhere && unknown.length >= WORTH_THREADS ? elsewhere : null
  let next = 0
  await Promise.all(Array.from({ length: others?.lanes ?? 1 }, readBatches))
  return entries.flatMap(({ path }, index) => {
    const analysis = known[index] ?? read.get(path)
    return analysis === undefined ? [] : [{ path, analysis }]
  })

  async function readBatches(): Promise<void> {
    while (next < unknown.length) {
      const start = next
      next += PARALLEL_READS
      await readBatch(unknown.slice(start, next))
    }
  }

  async function readBatch(batch: readonly FileEntry[]): Promise<void> {
    const contents = await Promise.all(batch.map(async (entry) => ({ entry, bytes: await files.read(entry.path, MAX_FILE_BYTES) })))
    const there = contents.flatMap(({ entry, bytes }) => (bytes ? [{ entry, bytes }] : []))
    const analyses = (await others?.analyse(there.map(({ bytes }) => bytes))) ?? []
    for (const [index, { entry, bytes }] of there.entries()) {
      const known = analyses[index] ?? null
      read.set(entry.path, isOnce === true ? (known ?? analyseFile(bytes, cache)) : analyse(bytes, entry.id, cache, known))
      const paused = pause?.() ?? null
      if (paused !== null) await paused
    }
  }
}

/** What a file says; the same content at another path is known by now. */
function analyse(bytes: Uint8Array, id: string, cache: DefinitionCache, elsewhere: FileAnalysis | null): FileAnalysis {
  const known = cache.files.get(id)
  if (known) return known
  const analysis = elsewhere ?? analyseFile(bytes, cache)
  cache.files.set(id, analysis)
  return analysis
}
