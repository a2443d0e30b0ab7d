import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import type { ProcessSource } from './process-identity.ts'
import { parseStat } from './process-identity.ts'

/** Variable that all processes of a pod inherit; its value is the pod's uid. Finds those that have left their session. */
export const POD_VARIABLE = 'FUSEE_POD'

/** One process of this machine. */
export interface ProcessInfo {
  pid: number
  ppid: number
  pgid: number
  session: number
  start: string
  /** Uid of the pod in its environment; null when there is none, or it is not to be seen. */
  pod: string | null
}

/**
 * How to recognise a pod's processes: `leader` runs its script, `groups` are those of its containers, `members` are in its control group. Only pids
 * that are known to be still the pod's own.
 */
export interface PodProcesses {
  uid: string
  members: readonly number[]
  leader: number | null
  groups: readonly number[]
}

/** All processes of this machine that have not ended. */
export function listProcesses(source: ProcessSource): ProcessInfo[] {
  return source === 'proc' ? listFromProc() : listFromPs()
}

/**
 * The processes of a pod's containers: in its control group, marked by its variable or in their groups, then all descendants and members of their
 * groups and sessions, whatever they did to their environment. The script's own group, which sees to the exit code and
 * the log, is left out. Pure.
 */
export function findContainerProcesses(all: readonly ProcessInfo[], pod: PodProcesses): ProcessInfo[] {
  const members = new Set(pod.members)
  const isMarked = (one: ProcessInfo): boolean => one.pod === pod.uid || members.has(one.pid)
  const found = new Set(all.filter((one) => isMarked(one) || pod.groups.includes(one.pgid) || one.pid === pod.leader))
  for (let before = -1; before < found.size;) {
    before = found.size
    const pids = new Set([...found].map((one) => one.pid))
    const groups = new Set([...found].map((one) => one.pgid).filter((group) => group > 0))
    const sessions = new Set([...found].map((one) => one.session).filter((session) => session > 0))
    for (const one of all) if (pids.has(one.ppid) || groups.has(one.pgid) || sessions.has(one.session)) found.add(one)
  }
  return [...found].filter((one) => one.pgid !== pod.leader && one.pid > 1)
}

/** Sends a signal; false when the process has gone, or is another user's by now: nothing more can be done about it. */
export function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal)
  } catch {
    return false
  }
}

function listFromProc(): ProcessInfo[] {
  const processes: ProcessInfo[] = []
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const info = readProcess(Number(name))
    if (info !== null) processes.push(info)
  }
  return processes
}

function readProcess(pid: number): ProcessInfo | null {
  try {
    const stat = parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'))
    if (stat === null || stat.state === 'Z' || stat.state === 'X') return null
    const { ppid, pgid, session, start } = stat
    return { pid, ppid, pgid, session, start, pod: readPodVariable(pid) }
  } catch {
    return null
  }
}

function readPodVariable(pid: number): string | null {
  try {
    const environment = `\0${readFileSync(`/proc/${pid}/environ`, 'latin1')}`
    return environment.split(`\0${POD_VARIABLE}=`, 2)[1]?.split('\0', 1)[0] ?? null
  } catch {
    return null
  }
}

/** Without /proc: neither sessions nor environments, so only descendants and groups are found. */
function listFromPs(): ProcessInfo[] {
  const env = { ...process.env, LC_ALL: 'C' }
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,pgid=,stat=,lstart='], { env, encoding: 'utf8' }).split('\n')
  return lines.flatMap((line) => {
    const [pid, ppid, pgid, state, ...start] = line.trim().split(/\s+/)
    if (state === undefined || state.startsWith('Z')) return []
    return [{ pid: Number(pid), ppid: Number(ppid), pgid: Number(pgid), session: 0, start: start.join(' '), pod: null }]
  })
}
