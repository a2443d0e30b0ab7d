import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Clock } from '../../clock.ts'
import { membersOf, removePodGroup } from './control-group.ts'
import type { LocalPod } from './local-pod.ts'
import type { ReportProblem } from '../listeners.ts'
import { forgetGroup } from './pod-facts.ts'
import type { ProcessSource } from './process-identity.ts'
import { findContainerProcesses, listProcesses, signalProcess } from './process-tree.ts'
import { removeTree } from './remove-tree.ts'

/** Clears away what pods leave behind: processes that have left the group of their container, working folders and volumes, control groups. */
export interface PodSweeper {
  /** Sweeps an ended pod soon. */
  add(pod: LocalPod): void
  /** Sweeps what is due at once. */
  close(): Promise<void>
}

/** Pods that end within it share one look at all processes. */
const DELAY_MS = 250
/** Killed processes go within milliseconds: so often, and so long after each try, is looked at closing whether they have. */
const CLOSING_TRIES = 25
const REAP_MS = 20

/** Creates a sweeper. */
export function createPodSweeper(clock: Clock, report: ReportProblem, processSource: ProcessSource): PodSweeper {
  const due = new Map<string, LocalPod>()
  let cancel: (() => void) | null = null
  let sweeping = Promise.resolve()
  let isClosed = false

  async function sweep(): Promise<void> {
    cancel = null
    const pods = [...due.values()]
    due.clear()
    killLeftovers(pods, processSource)
    await Promise.all(pods.map((pod) => removeFolders(pod, report)))
    // What was killed a moment ago may still be going.
    for (const pod of pods) if (!leaveGroup(pod)) due.set(pod.folder, pod)
    if (due.size > 0) later()
  }

  function later(): void {
    if (isClosed) return
    cancel ??= clock.setTimer(clock.now() + DELAY_MS, () => {
      sweeping = sweep()
    })
  }

  return {
    add(pod) {
      if (!existsSync(join(pod.folder, 'work')) && pod.facts.group === null) return
      due.set(pod.folder, pod)
      later()
    },
    async close() {
      cancel?.()
      isClosed = true
      await sweeping
      for (let tries = 0; due.size > 0 && tries < CLOSING_TRIES; tries++) {
        if (tries > 0) await pause(REAP_MS)
        await sweep()
      }
    },
  }
}

function killLeftovers(pods: readonly LocalPod[], processSource: ProcessSource): void {
  const processes = listProcesses(processSource)
  for (const pod of pods) {
    const members = pod.facts.group === null ? [] : membersOf(pod.facts.group)
    const leftovers = findContainerProcesses(processes, { uid: pod.manifest.metadata.uid, leader: null, groups: [], members })
    for (const { pid } of leftovers) signalProcess(pid, 'SIGKILL')
  }
}

/** False while something is still in its control group. */
function leaveGroup({ folder, facts: { group } }: LocalPod): boolean {
  if (group === null) return true
  if (!removePodGroup(group)) return false
  forgetGroup(folder)
  return true
}

async function removeFolders(pod: LocalPod, report: ReportProblem): Promise<void> {
  const volumes = await removeTree(join(pod.folder, 'volumes'))
  const work = await removeTree(join(pod.folder, 'work'))
  if (!volumes || !work) report('The working folder of a pod could not be deleted', { folder: pod.folder })
}
