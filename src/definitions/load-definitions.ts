import { analyseFile, type FileAnalysis } from './analyse-file.ts'
import { createDefinitionCache, type DefinitionCache } from './definition-cache.ts'
import type { FileEntry, Files } from './files.ts'
import { linkDefinitions, type AnalysedFile } from './link/link-definitions.ts'
import { readManifests } from './manifests/read-manifests.ts'
import type { Policy } from './policy/policy.ts'
import { compareText } from './problem.ts'
import { isDocumentFile, repositoryPath } from './repository-path.ts'
import { MAX_FILE_BYTES } from './source/decode-text.ts'
import type { Definitions } from './workflow.ts'

/** Files that are read at once. */
const PARALLEL_READS = 16

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
}

/**
 * Reads and checks everything that a commit, or a working tree, defines. No content makes it throw: what is wrong becomes
 * diagnostics, and one file's mistakes leave the others alone. Rejects only when `files` does.
 */
export async function loadDefinitions(files: Files, { path, cache = createDefinitionCache(), policy, pause }: LoadOptions): Promise<Definitions> {
  const folder = repositoryPath(path)
  const entries = folder === null ? [] : await files.list(folder)
  const sorted = entries.filter((entry) => isDocumentFile(entry.path)).sort((one, other) => compareText(one.path, other.path))
  const analysed = await analyseFiles(files, sorted, cache, pause)
  const references = analysed.flatMap(({ analysis }) =>
    analysis.workflows.flatMap((workflow) => workflow.references.map((reference) => reference.path)),
  )
  const manifests = await readManifests(files, references, cache)
  const { language, finished } = cache
  const linking = linkDefinitions(analysed, manifests, { policy: policy ?? null, language, finished })
  let step = linking.next()
  while (step.done !== true) {
    // Only a pause that is due costs a turn.
    const paused = pause?.() ?? null
    if (paused !== null) await paused
    step = linking.next()
  }
  return step.value
}

/** The files and what they say, in their order; only those that are not known are read. */
async function analyseFiles(
  files: Files,
  entries: readonly FileEntry[],
  cache: DefinitionCache,
  pause: LoadOptions['pause'],
): Promise<AnalysedFile[]> {
  const known = entries.map(({ id }) => cache.files.get(id))
  const unknown = entries.filter((_, index) => known[index] === undefined)
  const read = new Map<string, FileAnalysis>()
  for (let start = 0; start < unknown.length; start += PARALLEL_READS) {
    const batch = unknown.slice(start, start + PARALLEL_READS)
    const contents = await Promise.all(batch.map(({ path }) => files.read(path, MAX_FILE_BYTES)))
    for (const [index, entry] of batch.entries()) {
      const bytes = contents[index]
      if (bytes) read.set(entry.path, analyse(bytes, entry.id, cache))
      const paused = pause?.() ?? null
      if (paused !== null) await paused
    }
  }
  return entries.flatMap(({ path }, index) => {
    const analysis = known[index] ?? read.get(path)
    return analysis === undefined ? [] : [{ path, analysis }]
  })
}

/** What a file says; the same content at another path is known by now. */
function analyse(bytes: Uint8Array, id: string, cache: DefinitionCache): FileAnalysis {
  const known = cache.files.get(id)
  if (known) return known
  const analysis = analyseFile(bytes, cache)
  cache.files.set(id, analysis)
  return analysis
}
