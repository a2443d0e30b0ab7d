import { createHash } from 'node:crypto'
import type { FileEntry, Files } from '../../../src/definitions/files.ts'

/** Files of a test: content by path. */
export type Content = Record<string, string | Uint8Array>

/** Files that lie in memory, and which of them were read. */
export function createInMemoryFiles(content: Content): Files & { readPaths: string[] } {
  const bytesOf = (path: string): Uint8Array | null => {
    const text = Object.hasOwn(content, path) ? content[path] : undefined
    return text === undefined ? null : typeof text === 'string' ? new TextEncoder().encode(text) : text
  }
  const readPaths: string[] = []
  return {
    readPaths,
    async list(folder) {
      const paths = Object.keys(content).filter((path) => folder === '' || path.startsWith(`${folder}/`))
      return paths.sort().map((path): FileEntry => ({
        path,
        id: createHash('sha1')
          .update(bytesOf(path) ?? '')
          .digest('hex'),
      }))
    },
    async read(path) {
      readPaths.push(path)
      return bytesOf(path)
    },
  }
}
