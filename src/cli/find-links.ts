import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { isDocumentFile } from '../definitions/repository-path.ts'

/**
 * Symbolic links below a folder that somebody could take for definitions: those that are called like a file of them, or that have no
 * extension, as folders have. Relative to the root, sorted.
 */
export async function findLinks(root: string, folder: string): Promise<string[]> {
  const entries = await readdir(path.join(root, folder), { recursive: true, withFileTypes: true })
  const links = entries.filter((entry) => entry.isSymbolicLink() && (isDocumentFile(entry.name) || !entry.name.includes('.')))
  return links.map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)).split(path.sep).join('/')).sort()
}
