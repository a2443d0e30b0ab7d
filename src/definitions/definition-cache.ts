import { createSchemaCheck, type SchemaCheck } from './schema/validators.ts'
import { createExpressionLanguage, type ExpressionLanguage } from './expressions/language.ts'
import type { FileAnalysis } from './analyse-file.ts'
import { createLinkMemory, type LinkMemory } from './link/memory.ts'
import { createContentCache, type ContentCache } from './content-cache.ts'
import type { ManifestAnalysis } from './manifests/analyse-manifest.ts'
import type { QuietSteps } from './rules/new-steps.ts'

/** What has been read before, by the id of its content, so that nothing is parsed twice. Keep one per controller; it holds what was used last. */
export interface DefinitionCache {
  readonly schemaCheck: SchemaCheck
  readonly language: ExpressionLanguage
  readonly quietSteps: QuietSteps
  readonly files: ContentCache<FileAnalysis>
  readonly manifests: ContentCache<ManifestAnalysis>
  readonly memory: LinkMemory
}

const MOST_QUIET_STEPS = 5000

// More than anybody has files: with fewer places than files, each load would push out what it needs next.
const DEFAULT_ENTRIES = 50_000

/** `maxEntries` bounds files and manifests each. Several caches may share a `schemaCheck`, which takes time and memory to compile. */
export function createDefinitionCache(maxEntries = DEFAULT_ENTRIES, schemaCheck = createSchemaCheck()): DefinitionCache {
  return {
    schemaCheck,
    language: createExpressionLanguage(),
    quietSteps: createContentCache(MOST_QUIET_STEPS),
    files: createContentCache(maxEntries),
    manifests: createContentCache(maxEntries),
    memory: createLinkMemory(),
  }
}
