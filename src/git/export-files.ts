import { chmod, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Files } from '../definitions/files.ts'

/** Writes all files into an existing, empty folder. Rejects with the signal's reason once that aborts. */
export async function exportFiles(files: Files, folder: string, signal?: AbortSignal): Promise<void> {
  for (const entry of await files.list('')) {
    signal?.throwIfAborted()
    const content = await files.read(entry.path)
    if (content === null) continue
    const target = path.join(folder, entry.path)
    await mkdir(path.dirname(target), { recursive: true })
    await writeFile(target, content)
    if (entry.executable === true) await chmod(target, 0o755)
  }
}
