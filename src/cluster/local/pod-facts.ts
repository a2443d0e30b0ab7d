import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { ProcessIdentity } from './process-identity.ts'
import { parseIdentity } from './process-identity.ts'
import { codeOf } from './storage-errors.ts'

/** What is known of a pod's containers and end: read from the names and dates of the files in its folder `state`. */
export interface PodFacts {
  /** Who runs it; `Abandoned` when a controller made sure that nobody ever will; null when it is open. */
  claim: { kind: 'Process'; identity: ProcessIdentity } | { kind: 'Abandoned' } | null
  claimedAtMs: number | null
  /** By index of the container, init containers first. */
  started: Map<number, { pid: number; atMs: number }>
  ended: Map<number, { exitCode: number; atMs: number }>
  /** Folder of the control group that holds its containers; null where there is none. */
  group: string | null
  /** What ended containers have left as their termination messages; '' is left out. */
  messages: Map<number, string>
  /** Nothing of it is going to change any more. */
  doneAtMs: number | null
  /** Its processes went without leaving an exit code. */
  lostAtMs: number | null
}

/** Marks that a controller makes. `stop` keeps the pod's script from starting a further container. */
export type PodMark = 'stop' | 'done' | 'lost'

const ABANDONED = 'abandoned'
const GROUP = 'state/group'

/** Reads the facts of the pod in this folder. */
export function readPodFacts(folder: string): PodFacts {
  const state = join(folder, 'state')
  const facts: PodFacts = {
    claim: null,
    claimedAtMs: null,
    group: null,
    started: new Map(),
    ended: new Map(),
    messages: new Map(),
    doneAtMs: null,
    lostAtMs: null,
  }
  for (const name of readdirSync(state)) {
    const atMs = lstatSync(join(state, name)).mtimeMs
    const [kind = '', index, detail] = name.split('-')
    switch (kind) {
      case 'claim':
        facts.claim = readClaim(join(state, name))
        facts.claimedAtMs = atMs
        break
      case 'group':
        facts.group = readlinkSync(join(state, name))
        break
      case 'started':
        facts.started.set(Number(index), { pid: Number(detail), atMs })
        break
      case 'ended':
        facts.ended.set(Number(index), { exitCode: Number(detail), atMs })
        readMessage(folder, Number(index), facts)
        break
      case 'done':
        facts.doneAtMs = atMs
        break
      case 'lost':
        facts.lostAtMs = atMs
        break
      default: // `stop` is for the script.
    }
  }
  return facts
}

/** Makes a mark; one that is there already stays as it is. */
export function markPod(folder: string, mark: PodMark): void {
  try {
    writeFileSync(join(folder, 'state', mark), '', { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  }
}

/** Claims a pod that nobody has claimed, so that a script that is late runs nothing. A claimed one stays as it is. */
export function abandonPod(folder: string): void {
  try {
    symlinkSync(ABANDONED, join(folder, 'state', 'claim'))
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  }
}

/** Notes the pod's control group, before anything of it runs. */
export function noteGroup(folder: string, group: string): void {
  symlinkSync(group, join(folder, GROUP))
}

/** Forgets it, once it is gone. */
export function forgetGroup(folder: string): void {
  rmSync(join(folder, GROUP), { force: true })
}

function readClaim(path: string): PodFacts['claim'] {
  const identity = parseIdentity(readlinkSync(path))
  return identity === null ? { kind: 'Abandoned' } : { kind: 'Process', identity }
}

/** Where a container of a pod writes its termination message. */
export function messageFile(podFolder: string, index: number): string {
  return join(podFolder, 'messages', String(index))
}

/** One byte more than a message may have, so that it shows when there are too many. */
const LONGEST_MESSAGE_BYTES = 4097

function readMessage(folder: string, index: number, facts: PodFacts): void {
  let descriptor: number
  try {
    descriptor = openSync(messageFile(folder, index), constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES', 'ENXIO'].includes(codeOf(error))) return
    throw error
  }
  try {
    if (!fstatSync(descriptor).isFile()) return
    const buffer = Buffer.alloc(LONGEST_MESSAGE_BYTES)
    const message = buffer.subarray(0, readSync(descriptor, buffer, 0, buffer.length, 0)).toString()
    if (message !== '') facts.messages.set(index, message)
  } finally {
    closeSync(descriptor)
  }
}
