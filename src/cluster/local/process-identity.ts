import { execFileSync } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/** Tells one process from all others, also from a later one with the same pid. */
export interface ProcessIdentity {
  pid: number
  /** When it started, in the system's own notation. */
  start: string
  /** Boot and pid namespace in which the pid means something. */
  machine: string
}

/** How this system shows its processes: below /proc, or only through `ps`. */
export type ProcessSource = 'proc' | 'ps'

/** The process source of this system. */
export function processSource(): ProcessSource {
  try {
    readFileSync('/proc/self/stat')
    return 'proc'
  } catch {
    return 'ps'
  }
}

/**
 * Names the boot and the pid namespace; contains neither `|` nor `/`. A part of the boot's id is enough, and keeps a claim so short that
 * ext4 stores it without a block of its own, hence on a full disk too.
 */
export function machineId(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 13)
    const namespace = /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? ''
    return `${boot}.${namespace}`
  } catch {
    return hostname().replaceAll(/[|/\s]/g, '-')
  }
}

/** Identity of this very process. */
export function ownIdentity(source: ProcessSource = processSource()): ProcessIdentity {
  return { pid: process.pid, start: readStart(process.pid, source) ?? '', machine: machineId() }
}

/** Whether that process still runs. One that has ended and was not waited for does not; nor does one of another boot or pid namespace. */
export function isAlive(identity: ProcessIdentity, source: ProcessSource = processSource(), machine = machineId()): boolean {
  return identity.machine === machine && readStart(identity.pid, source) === identity.start
}

/** `pid|start|machine`: short enough for the target of a symbolic link, which is written in one step together with its name. */
export function formatIdentity(identity: ProcessIdentity): string {
  return `${identity.pid}|${identity.start}|${identity.machine}`
}

/** The identity in such a text; null when it is none. */
export function parseIdentity(text: string): ProcessIdentity | null {
  const [pid, start, machine, ...rest] = text.split('|')
  if (pid === undefined || start === undefined || machine === undefined || rest.length > 0 || !/^[1-9]\d*$/.test(pid)) return null
  return { pid: Number(pid), start, machine }
}

/** Fields of a line of /proc/<pid>/stat. The command's name may hold blanks and brackets, so everything is counted from its last bracket. */
export function parseStat(line: string): { state: string; ppid: number; pgid: number; session: number; start: string } | null {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
  const [state, ppid, pgid, session] = fields
  const start = fields[19]
  if (state === undefined || start === undefined) return null
  return { state, ppid: Number(ppid), pgid: Number(pgid), session: Number(session), start }
}

function readStart(pid: number, source: ProcessSource): string | null {
  return source === 'proc' ? readStartFromProc(pid) : readStartFromPs(pid)
}

function readStartFromProc(pid: number): string | null {
  try {
    const stat = parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'))
    return stat === null || stat.state === 'Z' || stat.state === 'X' ? null : stat.start
  } catch {
    return null
  }
}

function readStartFromPs(pid: number): string | null {
  try {
    const env = { ...process.env, LC_ALL: 'C' }
    const line = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    const [state, ...start] = line.trim().split(/\s+/)
    return state === undefined || state.startsWith('Z') ? null : start.join(' ')
  } catch {
    return null
  }
}
