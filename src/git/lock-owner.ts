import { createHash, randomBytes } from 'node:crypto'
import { readFile, readlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import { errorCode } from './failures.ts'

/** A process that holds, or held, a lock. It is written into the name of a file, so all parts are plain letters and digits. */
export interface LockOwner {
  /** Machine and process namespace: only where both are the same does a process id say anything. */
  place: string
  pid: number
  /** When the process started, in the kernel's ticks; `0` where the system does not tell. Process ids are used again. */
  startedAtTicks: string
}

/** How long a lock from a place that we cannot look into stays respected. Ours are held for milliseconds. */
const FOREIGN_LOCK_LIFETIME_MS = 600_000
const NAME = /^([0-9a-f]{12})-(\d+)-(\d+)-[0-9a-f]+$/

/** This process as an owner. */
export async function describeThisProcess(): Promise<LockOwner> {
  const namespace = await readlink('/proc/self/ns/pid').catch(() => '')
  const place = createHash('sha256').update(`${hostname()} ${namespace}`).digest('hex').slice(0, 12)
  return { place, pid: process.pid, startedAtTicks: await startTicks(process.pid) }
}

/** A file name that no other lock of any process has. */
export function createOwnerName(owner: LockOwner): string {
  return `${owner.place}-${owner.pid}-${owner.startedAtTicks}-${randomBytes(6).toString('hex')}`
}

/** The owner in a file name; null when it is none of ours. */
export function parseOwnerName(name: string): LockOwner | null {
  const [, place, pid, startedAtTicks] = NAME.exec(name) ?? []
  return place === undefined || pid === undefined || startedAtTicks === undefined ? null : { place, pid: Number(pid), startedAtTicks }
}

/** Whether a lock of that owner, that age, is left over: its process is gone, or it is from elsewhere and too old to be in use. */
export async function isLeftOver(owner: LockOwner, ageMs: number): Promise<boolean> {
  const self = await describeThisProcess()
  if (owner.place !== self.place) return ageMs > FOREIGN_LOCK_LIFETIME_MS
  if (!isAlive(owner.pid)) return true
  const ticks = await startTicks(owner.pid)
  return ticks !== '0' && owner.startedAtTicks !== '0' && ticks !== owner.startedAtTicks
}

/** Whether there is such a process on this machine; one of somebody else may not be asked, and is there. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return errorCode(error) !== 'ESRCH'
  }
}

async function startTicks(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  // The second field is the program's name in parentheses and may hold blanks; the start is the 22nd.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '0'
}
