import { membersOf } from './control-group.ts'
import type { LocalPod } from './local-pod.ts'
import type { ProcessSource } from './process-identity.ts'
import { isAlive } from './process-identity.ts'
import type { ProcessInfo } from './process-tree.ts'
import { findContainerProcesses, listProcesses, signalProcess } from './process-tree.ts'

/** A pod, and the pid of its script where this process has started it: that is known before the script has claimed the pod. */
export interface SignalledPod {
  pod: LocalPod
  scriptPid: number | null
  /** Told to end already. */
  asked: Set<string>
}

/** Signals to the processes of pods. */
export interface PodSignals {
  /** Whether the script that has claimed the pod still runs. */
  isScriptAlive(pod: LocalPod): boolean
  /** SIGTERM to those processes of its containers that did not get one yet. */
  askToEnd(one: SignalledPod): void
  /** SIGKILL to all processes of its containers, and of its script once that has lost its leader. Says how many there were. */
  kill(one: SignalledPod): number
  /** SIGKILL to the script. */
  killScript(one: SignalledPod): void
}

/** Signals on this machine. */
export function createPodSignals(source: ProcessSource, machine: string): PodSignals {
  const isScriptAlive = (pod: LocalPod): boolean => pod.facts.claim?.kind === 'Process' && isAlive(pod.facts.claim.identity, source, machine)

  /** Pids count only while the script lives: later they may be those of strangers. */
  function leaderOf({ pod, scriptPid }: SignalledPod): number | null {
    const { claim } = pod.facts
    if (claim === null) return scriptPid
    return claim.kind === 'Process' && isScriptAlive(pod) ? claim.identity.pid : null
  }

  function processesOf(one: SignalledPod): ProcessInfo[] {
    const { facts, manifest } = one.pod
    const leader = leaderOf(one)
    const running = leader === null ? [] : [...facts.started].filter(([index]) => !facts.ended.has(index))
    const members = facts.group === null ? [] : membersOf(facts.group)
    const groups = running.map(([, { pid }]) => pid)
    return findContainerProcesses(listProcesses(source), { uid: manifest.metadata.uid, leader, groups, members })
  }

  return {
    isScriptAlive,
    askToEnd(one) {
      for (const { pid, start } of processesOf(one)) {
        const key = `${pid}|${start}`
        if (one.asked.has(key)) continue
        one.asked.add(key)
        signalProcess(pid, 'SIGTERM')
      }
    },
    kill(one) {
      const { claim } = one.pod.facts
      const script = claim?.kind === 'Process' ? claim.identity.pid : one.scriptPid
      // What is left of the script goes first: it would take the end of a container that we kill for the container's own.
      const processes = processesOf(one).sort((a, b) => Number(b.pgid === script) - Number(a.pgid === script))
      return processes.filter(({ pid }) => signalProcess(pid, 'SIGKILL')).length
    },
    killScript({ pod }) {
      const { claim } = pod.facts
      if (claim?.kind === 'Process' && isScriptAlive(pod)) signalProcess(claim.identity.pid, 'SIGKILL')
    },
  }
}
