import { chmod, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Files } from '../definitions/files.ts'

/** Writes all files into an existing, empty folder. */
export async function exportFiles(files: Files, folder: string): Promise<void> {
  for (const entry of await files.list('')) {
    const content = await files.read(entry.path)
    if (content === null) continue
    const target = path.join(folder, entry.path)
    await mkdir(path.dirname(target), { recursive: true })
    await writeFile(target, content)
    if (entry.executable === true) await chmod(target, 0o755)
  }
}
