import type { FSWatcher } from 'node:fs'
import { watch } from 'node:fs'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Clock } from '../../clock.ts'
import type { LocalPod } from './local-pod.ts'
import type { ReportProblem } from '../listeners.ts'
import type { PodFacts } from './pod-facts.ts'
import { abandonPod, markPod, readPodFacts } from './pod-facts.ts'
import type { ProcessSource } from './process-identity.ts'
import { POD_VARIABLE } from './process-tree.ts'
import type { SignalledPod } from './signal-pods.ts'
import { createPodSignals } from './signal-pods.ts'

/** Follows the live pods: starts their scripts, notices what they leave in their folders, ends them. */
export interface PodSupervisor {
  /** Starts a pod that was just published. */
  run(pod: LocalPod, script: string, decided: Decided): void
  /** Follows a live pod that an earlier controller has started, or was about to. */
  adopt(pod: LocalPod, decided: Decided): void
  /** SIGTERM to all processes of the pod's containers, now and as they appear; SIGKILL once `killAtMs` has come. Said again, it changes nothing. */
  stop(pod: LocalPod, killAtMs: number): void
  /** SIGKILL to all that is followed, at once; answers when it has gone. */
  killAll(): Promise<void>
  /** Lets go of everything; the pods go on. */
  close(): void
}

/** What the exit codes of a pod say, null when not enough: for a pod whose script was killed before it could say so itself. */
export type Decided = (facts: PodFacts) => 'Succeeded' | 'Failed' | null

/** What the supervisor needs. */
export interface SupervisorOptions {
  clock: Clock
  report: ReportProblem
  shell: string
  /** Environment of every script, without the pod's variable. */
  environment: Record<string, string>
  processSource: ProcessSource
  machine: string
  /** Facts of the pod are new. `pod.facts` holds them. */
  changed(pod: LocalPod): void
}

/** How often live pods are looked at without being asked to: only what no event tells of waits for it. */
const TICK_MS = 1000
/** Between two looks whether killed processes have gone. */
const REAP_MS = 20
/** After SIGKILL, so long may the script itself take to write down the end. */
const SCRIPT_GRACE_MS = 5000

interface Followed extends SignalledPod {
  decided: Decided
  /** Its end will be told by an event of this process. */
  isChild: boolean
  watcher: FSWatcher | null
  isLookDue: boolean
  /** Set once its containers have ended although its script goes on: something of theirs holds the log open. */
  isHeldOpen: boolean
  /** What its script left behind was killed already. */
  isReaped: boolean
  killAtMs: number | null
}

/** Creates a supervisor without pods. */
export function createPodSupervisor(options: SupervisorOptions): PodSupervisor {
  const { clock, report } = options
  const signals = createPodSignals(options.processSource, options.machine)
  const followed = new Map<string, Followed>()
  const timers = new Set<() => void>()
  let cancelTick: (() => void) | null = null

  function after(delayMs: number, work: () => void): void {
    const cancel = clock.setTimer(clock.now() + delayMs, () => {
      timers.delete(cancel)
      work()
    })
    timers.add(cancel)
  }

  function follow(pod: LocalPod, decided: Decided, isChild: boolean): Followed {
    const flags = { isChild, isLookDue: false, isHeldOpen: false, isReaped: false }
    const one: Followed = { pod, decided, ...flags, watcher: null, killAtMs: null, scriptPid: null, asked: new Set() }
    followed.set(pod.folder, one)
    one.watcher = watchState(one)
    cancelTick ??= clock.setTimer(clock.now() + TICK_MS, tick)
    return one
  }

  /** Without it (no more watches are to be had, say) the child's exit and the tick remain. */
  function watchState(one: Followed): FSWatcher | null {
    try {
      const watcher = watch(join(one.pod.folder, 'state'), { persistent: false }, () => {
        if (one.isLookDue) return
        one.isLookDue = true
        setImmediate(() => {
          one.isLookDue = false
          guard(one, look)
        })
      })
      watcher.on('error', () => {
        watcher.close()
      })
      return watcher
    } catch (error) {
      report('A pod cannot be watched; it is looked at every second', { folder: one.pod.folder, error: String(error) })
      return null
    }
  }

  /** A failure (a full disk, say) waits for the next tick, and concerns one pod only. */
  function guard(one: Followed, work: (one: Followed) => void): void {
    if (followed.get(one.pod.folder) !== one) return
    try {
      work(one)
    } catch (error) {
      report('A pod could not be looked after; it is tried again', { pod: one.pod.manifest.metadata.name, error: String(error) })
    }
  }

  function look(one: Followed): void {
    const before = one.pod.facts
    const facts = readPodFacts(one.pod.folder)
    one.pod.facts = facts
    if (facts.doneAtMs !== null || facts.lostAtMs !== null) {
      one.pod.endedAtMs = clock.now()
      unfollow(one)
    }
    if (isNews(before, facts)) {
      if (one.killAtMs !== null) signal(one)
      options.changed(one.pod)
    }
  }

  function unfollow(one: Followed): void {
    followed.delete(one.pod.folder)
    one.watcher?.close()
  }

  function tick(): void {
    cancelTick = null
    for (const one of [...followed.values()]) guard(one, lookAfter)
    if (followed.size > 0) cancelTick = clock.setTimer(clock.now() + TICK_MS, tick)
  }

  function lookAfter(one: Followed): void {
    look(one)
    if (!followed.has(one.pod.folder)) return
    if (!one.isChild && !signals.isScriptAlive(one.pod)) return reap(one)
    if (one.killAtMs !== null) signal(one)
    const hasEnded = one.decided(one.pod.facts) !== null
    if (hasEnded && one.isHeldOpen) signals.kill(one)
    one.isHeldOpen = hasEnded
  }

  /** Its script has gone: what it left running goes too, then its end is written down in its place. */
  function reap(one: Followed): void {
    one.isChild = false
    abandonPod(one.pod.folder)
    if (signals.kill(one) > 0) return reapSoon(one)
    const facts = readPodFacts(one.pod.folder)
    if (facts.doneAtMs === null) markPod(one.pod.folder, one.decided(facts) === null ? 'lost' : 'done')
    look(one)
  }

  /** Killed processes go within milliseconds; for one that does not the tick is soon enough. */
  function reapSoon(one: Followed): void {
    if (one.isReaped) return
    one.isReaped = true
    after(REAP_MS, () => {
      guard(one, reap)
    })
  }

  function signal(one: Followed): void {
    if (one.killAtMs === null) return
    markPod(one.pod.folder, 'stop')
    const now = clock.now()
    if (now < one.killAtMs) return signals.askToEnd(one)
    signals.kill(one)
    if (now >= one.killAtMs + SCRIPT_GRACE_MS) signals.killScript(one)
  }

  function killWhole(one: Followed): void {
    look(one)
    if (!followed.has(one.pod.folder)) return
    signals.killScript(one)
    signals.kill(one)
    if (!one.isChild && !signals.isScriptAlive(one.pod)) reap(one)
  }

  function start(one: Followed, script: string): void {
    const { pod } = one
    const env = { ...options.environment, [POD_VARIABLE]: pod.manifest.metadata.uid }
    const child = spawn(options.shell, ['-s'], { cwd: pod.folder, detached: true, env, stdio: ['pipe', 'ignore', 'ignore'] })
    // First of all: without it an error would end this whole process.
    child.on('error', (error) => {
      report('The script of a pod could not be started', { pod: pod.manifest.metadata.name, error: error.message })
      guard(one, reap)
    })
    child.on('exit', () => {
      guard(one, look)
      guard(one, reap)
    })
    one.scriptPid = child.pid ?? null
    child.unref()
    child.stdin.on('error', () => undefined)
    child.stdin.end(script)
  }

  return {
    run(pod, script, decided) {
      const one = follow(pod, decided, true)
      try {
        start(one, script)
      } catch (error) {
        report('The script of a pod could not be started', { pod: pod.manifest.metadata.name, error: String(error) })
        guard(one, reap)
      }
    },
    adopt(pod, decided) {
      const one = follow(pod, decided, false)
      guard(one, (adopted) => {
        if (adopted.pod.facts.claim === null) abandonPod(adopted.pod.folder)
        lookAfter(adopted)
      })
    },
    stop(pod, killAtMs) {
      const one = followed.get(pod.folder)
      if (one === undefined || one.killAtMs !== null) return
      one.killAtMs = killAtMs
      guard(one, signal)
      after(Math.max(0, killAtMs - clock.now()), () => {
        guard(one, signal)
      })
    },
    async killAll() {
      while (followed.size > 0) {
        for (const one of followed.values()) guard(one, killWhole)
        await new Promise<void>((resolve) => {
          after(REAP_MS, resolve)
        })
      }
    },
    close() {
      cancelTick?.()
      for (const cancel of timers) cancel()
      for (const one of [...followed.values()]) unfollow(one)
    },
  }
}

/** The end of a container is news only when it is that of the pod, which follows at once. */
function isNews(before: PodFacts, now: PodFacts): boolean {
  return before.started.size !== now.started.size || before.doneAtMs !== now.doneAtMs || before.lostAtMs !== now.lostAtMs
}
