import { accessSync, constants, mkdirSync, readFileSync, readdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Folder of the control group (cgroup v2) that this process is in, when it may make groups of its own there; null where it may not. Whatever is
 * started in a group stays in it, whatever it does to its session, its parents and its environment.
 */
export function findControlGroup(): string | null {
  try {
    const mount = readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .map((line) => line.split(' '))
      .find(([, , type]) => type === 'cgroup2')?.[1]
    const own = /^0::(\/.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1]
    if (mount === undefined || own === undefined) return null
    const folder = join(mount, own)
    const trial = join(folder, `fusee-${process.pid}`)
    // Whoever moves a process must be allowed to write here too.
    accessSync(join(folder, 'cgroup.procs'), constants.W_OK)
    mkdirSync(trial)
    rmdirSync(trial)
    return folder
  } catch {
    return null
  }
}

/** Makes the group of a pod; null when that fails: then its processes are found without it. */
export function createPodGroup(parent: string, podUid: string): string | null {
  const group = join(parent, `fusee-${podUid}`)
  try {
    mkdirSync(group)
    return group
  } catch {
    return null
  }
}

/** Pids of all that is in a group, and in groups that it has made below, those of single threads among them; none when the group is gone. */
export function membersOf(group: string): number[] {
  try {
    const own = readFileSync(join(group, 'cgroup.threads'), 'utf8').split('\n').filter(Boolean).map(Number)
    return [...own, ...foldersOf(group).flatMap(membersOf)]
  } catch {
    return []
  }
}

/** Removes a group in which nothing runs any more, with those below it; false when something does. Gone already is fine. */
export function removePodGroup(group: string): boolean {
  try {
    foldersOf(group).forEach(removePodGroup)
    rmdirSync(group)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
  }
}

function foldersOf(group: string): string[] {
  return readdirSync(group, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(group, entry.name))
}
