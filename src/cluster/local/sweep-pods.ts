import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../../clock.ts'
import type { LocalPod } from './local-pod.ts'
import type { ReportProblem } from '../listeners.ts'
import type { ProcessSource } from './process-identity.ts'
import { findContainerProcesses, listProcesses, signalProcess } from './process-tree.ts'
import { removeTree } from './remove-tree.ts'

/** Clears away what pods leave behind: processes that have left the group of their container, working folders and volumes. */
export interface PodSweeper {
  /** Sweeps an ended pod soon. */
  add(pod: LocalPod): void
  /** Sweeps what is due at once. */
  close(): Promise<void>
}

/** Pods that end within it share one look at all processes. */
const DELAY_MS = 250

/** Creates a sweeper. */
export function createPodSweeper(clock: Clock, report: ReportProblem, processSource: ProcessSource): PodSweeper {
  const due = new Map<string, LocalPod>()
  let cancel: (() => void) | null = null

  async function sweep(): Promise<void> {
    cancel = null
    const pods = [...due.values()]
    due.clear()
    killLeftovers(pods, processSource)
    await Promise.all(pods.map((pod) => removeFolders(pod, report)))
  }

  return {
    add(pod) {
      if (!existsSync(join(pod.folder, 'work'))) return
      due.set(pod.folder, pod)
      cancel ??= clock.setTimer(clock.now() + DELAY_MS, () => void sweep())
    },
    async close() {
      cancel?.()
      if (due.size > 0) await sweep()
    },
  }
}

function killLeftovers(pods: readonly LocalPod[], processSource: ProcessSource): void {
  const processes = listProcesses(processSource)
  for (const pod of pods) {
    const leftovers = findContainerProcesses(processes, { uid: pod.manifest.metadata.uid, leader: null, groups: [] })
    for (const { pid } of leftovers) signalProcess(pid, 'SIGKILL')
  }
}

async function removeFolders(pod: LocalPod, report: ReportProblem): Promise<void> {
  const volumes = await removeTree(join(pod.folder, 'volumes'))
  const work = await removeTree(join(pod.folder, 'work'))
  if (!volumes || !work) report('The working folder of a pod could not be deleted', { folder: pod.folder })
}
