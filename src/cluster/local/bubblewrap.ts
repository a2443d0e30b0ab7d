import { execFileSync } from 'node:child_process'
import { lstatSync, readdirSync, readlinkSync, realpathSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { findProgram } from './find-program.ts'
import type { Mount } from './mounts.ts'

/** A mount at its real path; `isReadOnly` as the container says. */
export type RealMount = Mount & { isReadOnly: boolean }

/** Absolute path of bwrap(1); null where there is none, or where it may not mount: some systems let only root do so. */
export function findBubblewrap(path: string | undefined): string | null {
  const program = findProgram('bwrap', path)
  if (program === null) return null
  try {
    execFileSync(program, ['--dev-bind', '/', '/', 'true'], { stdio: 'ignore', timeout: 10_000 })
    return program
  } catch {
    return null
  }
}

/**
 * The words before a command that give it these mounts, everything else of the machine staying as it is, to be seen and written. Where the path of a
 * mount is not there yet, the folder that it would lie in is a new one with the same content, so that nothing is left on the machine afterwards.
 */
export function mountWords(program: string, mounts: readonly RealMount[], workingDir: string): string[] {
  const outerFirst = [...mounts].sort((one, other) => one.mountPath.length - other.mountPath.length)
  const fresh = new Set<string>()
  const binds = outerFirst.flatMap(({ mountPath, folder, isReadOnly }, index) => {
    const { existing, rest } = placeOf(mountPath)
    const isInside = outerFirst.slice(0, index).some((outer) => mountPath.startsWith(`${outer.mountPath}/`))
    if (rest !== '' && !isInside) fresh.add(existing)
    return [isReadOnly ? '--ro-bind' : '--bind', folder, join(existing, rest)]
  })
  const folders = [...fresh].filter((folder) => folder !== '/').sort((one, other) => one.length - other.length)
  const root = fresh.has('/') ? contentOf('/') : ['--dev-bind', '/', '/']
  return [program, ...root, ...folders.flatMap((folder) => [...emptyFolder(folder), ...contentOf(folder)]), ...binds, '--chdir', workingDir, '--']
}

/** The innermost folder of a path that is there, without symbolic links, and what of the path is not. */
function placeOf(path: string): { existing: string; rest: string } {
  let existing = path
  for (;;) {
    try {
      const real = realpathSync(existing)
      return { existing: real, rest: path.slice(existing.length) }
    } catch {
      existing = dirname(existing)
    }
  }
}

function emptyFolder(folder: string): string[] {
  return ['--perms', (statSync(folder).mode & 0o7777).toString(8), '--tmpfs', folder]
}

/** What lies in a folder, at its place. What goes meanwhile is left out. */
function contentOf(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    try {
      return lstatSync(path).isSymbolicLink() ? ['--symlink', readlinkSync(path), path] : ['--dev-bind-try', path, path]
    } catch {
      return []
    }
  })
}
