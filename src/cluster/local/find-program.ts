import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Where programs are where nobody says. */
export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Absolute path of a program; null when it is in none of the folders. */
export function findProgram(name: string, path = DEFAULT_PATH): string | null {
  for (const folder of path.split(delimiter)) {
    if (!folder.startsWith('/')) continue
    const file = join(folder, name)
    try {
      accessSync(file, constants.X_OK)
      return file
    } catch {
      // Not in this folder: the next one.
    }
  }
  return null
}
