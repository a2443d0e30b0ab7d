import { createSchemaCheck, type SchemaCheck } from './schema/validators.ts'
import type { FileAnalysis } from './analyse-file.ts'
import type { ManifestAnalysis } from './manifests/analyse-manifest.ts'

/** What has been read before, by the id of its content, so that nothing is parsed twice. Keep one per controller; it holds what was used last. */
export interface DefinitionCache {
  readonly schemaCheck: SchemaCheck
  readonly files: ContentCache<FileAnalysis>
  readonly manifests: ContentCache<ManifestAnalysis>
}

/** Values by the id of the content that they were made of. */
export interface ContentCache<Value> {
  get(id: string): Value | undefined
  set(id: string, value: Value): void
}

const DEFAULT_ENTRIES = 10_000

/** `maxEntries` bounds files and manifests each. */
export function createDefinitionCache(maxEntries = DEFAULT_ENTRIES): DefinitionCache {
  return { schemaCheck: createSchemaCheck(), files: createContentCache(maxEntries), manifests: createContentCache(maxEntries) }
}

function createContentCache<Value>(maxEntries: number): ContentCache<Value> {
  const values = new Map<string, Value>()
  return {
    get(id) {
      const value = values.get(id)
      if (value !== undefined) renew(id, value)
      return value
    },
    set(id, value) {
      renew(id, value)
      for (const oldest of values.keys()) {
        if (values.size <= maxEntries) break
        values.delete(oldest)
      }
    },
  }

  /** A Map keeps the order of insertion, so the first is the one that was not used for longest. */
  function renew(id: string, value: Value): void {
    values.delete(id)
    values.set(id, value)
  }
}
