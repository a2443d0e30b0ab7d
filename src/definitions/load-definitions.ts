import { analyseFile } from './analyse-file.ts'
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
}

/**
 * Reads and checks everything that a commit, or a working tree, defines. No content makes it throw: what is wrong becomes
 * diagnostics, and one file's mistakes leave the others alone. Rejects only when `files` does.
 */
export async function loadDefinitions(files: Files, { path, cache = createDefinitionCache(), policy }: LoadOptions): Promise<Definitions> {
  const folder = repositoryPath(path)
  const entries = folder === null ? [] : await files.list(folder)
  const sorted = entries.filter((entry) => isDocumentFile(entry.path)).sort((one, other) => compareText(one.path, other.path))
  const analysed: AnalysedFile[] = []
  for (let start = 0; start < sorted.length; start += PARALLEL_READS) {
    const read = await Promise.all(sorted.slice(start, start + PARALLEL_READS).map((entry) => readFile(files, entry, cache)))
    analysed.push(...read.flat())
  }
  const references = analysed.flatMap(({ analysis }) =>
    analysis.workflows.flatMap((workflow) => workflow.references.map((reference) => reference.path)),
  )
  return linkDefinitions(analysed, await readManifests(files, references, cache), { policy: policy ?? null, language: cache.language })
}

/** The file and what it says; nothing when it is gone since it was listed. */
async function readFile(files: Files, entry: FileEntry, cache: DefinitionCache): Promise<AnalysedFile[]> {
  const { path, id } = entry
  const known = cache.files.get(id)
  if (known) return [{ path, analysis: known }]
  const bytes = await files.read(path, MAX_FILE_BYTES)
  if (!bytes) return []
  const analysis = analyseFile(bytes, cache)
  cache.files.set(id, analysis)
  return [{ path, analysis }]
}
