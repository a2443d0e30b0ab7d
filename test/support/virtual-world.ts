import type { Clock } from '../../src/clock.ts'
import { createSimulatedCluster } from '../../src/cluster/simulated/cluster.ts'
import type { SimulatedCluster } from '../../src/cluster/simulated/cluster.ts'
import type { PodScripts } from '../../src/cluster/simulated/pod-script.ts'
import type { RepositorySettings } from '../../src/config/repository-settings.ts'
import type { Context } from '../../src/context.ts'
import { alwaysFollowed } from '../../src/context.ts'
import { createDefinitionCache } from '../../src/definitions/definition-cache.ts'
import { statePolicy } from '../../src/definitions/policy/policy.ts'
import { createController } from '../../src/controller/controller.ts'
import type { Controller } from '../../src/controller/controller.ts'
import type { ControllerEvent } from '../../src/controller/events.ts'
import type { CrashPoint, WriteSite } from '../../src/crash-points.ts'
import { plainWriteSite } from '../../src/crash-points.ts'
import type { SimulatedFiles, SimulatedGit } from '../../src/git/simulated.ts'
import { createSimulatedGit } from '../../src/git/simulated.ts'
import type { StoredRun } from '../../src/runs/run.ts'
import { createSeededRandom } from '../../src/simulation/seeded-random.ts'
import type { VirtualClock } from '../../src/simulation/virtual-clock.ts'
import { createVirtualClock } from '../../src/simulation/virtual-clock.ts'
import { plainSettings } from './plain-settings.ts'

/** Schemas are compiled once for all worlds. */
const definitionCache = createDefinitionCache()

/** The real controller on a simulated cluster and a simulated repository, at a time that only moves when told to. */
export interface VirtualWorld {
  clock: VirtualClock
  git: SimulatedGit
  cluster: SimulatedCluster
  /** Everything that happened, over all lives of the controller. */
  events: ControllerEvent[]
  /** Of the life that is running. */
  context: Context
  controller: Controller
  /** Moves time, and lets everything happen that is due. */
  pass(ms: number): Promise<void>
  /** Stops the controller, lets time pass without it, and starts another one. */
  outage(ms: number): Promise<void>
  /** Stops the controller where it is, and starts another one. */
  kill(): Promise<void>
  /** Sets the controller's clock forward or back. */
  stepClock(ms: number): void
  /** All Runs, by name. */
  runs(): Promise<StoredRun[]>
}

/** What a world begins with. */
export interface WorldOptions {
  files: SimulatedFiles
  /** RFC 3339. */
  startAt?: string
  settings?: Partial<RepositorySettings>
  writeSite?: WriteSite
  /** Whether the controller is killed at this write, before or after it; another one starts a second later. */
  dies?: (point: CrashPoint, moment: 'before' | 'after') => boolean
  scripts?: PodScripts
  webhookSecrets?: () => Promise<string[]>
}

/** A world in which the controller has had its first look. Its repository is `default/jobs`. */
export async function createVirtualWorld({
  files,
  startAt = '2026-11-20T00:00:30Z',
  settings = {},
  ...options
}: WorldOptions): Promise<VirtualWorld> {
  const clock = createVirtualClock(Date.parse(startAt))
  const random = createSeededRandom('world')
  const git = createSimulatedGit({ now: () => clock.now() })
  await git.pushCommit(files, 'first')
  const cluster = createSimulatedCluster({ clock, random, ...(options.scripts && { scripts: options.scripts }) })
  const events: ControllerEvent[] = []

  let offsetMs = 0
  let life = { isAlive: true }

  /** The controller's own clock: it may be set, and a dead controller's timers do not fire. */
  function ownClock(own: { isAlive: boolean }): Clock {
    const now = (): number => clock.now() + offsetMs
    return {
      now,
      setTimer(atMs, fire) {
        let cancel = (): void => undefined
        const arm = (): void => {
          cancel = clock.setTimer(atMs - offsetMs, () => {
            if (own.isAlive) return now() >= atMs ? fire() : arm()
          })
        }
        arm()
        return () => {
          cancel()
        }
      },
    }
  }

  const never = new Promise<never>(() => undefined)

  function dies(own: { isAlive: boolean }, point: CrashPoint, moment: 'before' | 'after'): boolean {
    if (options.dies?.(point, moment) !== true) return false
    own.isAlive = false
    clock.setTimer(clock.now() + 1000, () => Object.assign(world, begin()))
    return true
  }

  function begin(): Pick<VirtualWorld, 'context' | 'controller'> {
    const own = { isAlive: true }
    life = own
    const repository = {
      settings: {
        ...plainSettings('jobs', 'https://git.example.com/jobs.git'),
        policy: statePolicy({}, 'default', { serviceAccounts: [], secrets: [] }),
        ...settings,
      },
      owner: 'virtual',
      ...(options.webhookSecrets && { webhookSecrets: options.webhookSecrets }),
      ...git.open(),
    }
    const writeSite = options.writeSite ?? plainWriteSite
    const context: Context = {
      clock: ownClock(own),
      random,
      report: (event) => void events.push(event),
      async writeSite(point, write) {
        if (!own.isAlive || dies(own, point, 'before')) return never
        const answer = await writeSite(point, write)
        return own.isAlive && dies(own, point, 'after') ? never : answer
      },
      ...cluster,
      definitionCache,
      repositories: alwaysFollowed([repository]),
    }
    const controller = createController(context)
    controller.start()
    return { context, controller }
  }
  const world: VirtualWorld = {
    clock,
    git,
    cluster,
    events,
    ...begin(),
    pass: (ms) => clock.runUntil(clock.now() + ms),
    async outage(ms) {
      await world.controller.drain()
      await clock.runUntil(clock.now() + ms)
      Object.assign(world, begin())
    },
    async kill() {
      life.isAlive = false
      await clock.runUntil(clock.now() + 1000)
      Object.assign(world, begin())
    },
    stepClock(ms) {
      offsetMs += ms
    },
    async runs() {
      const runs = await cluster.runs.listRuns()
      return runs.sort((one, other) => (one.metadata.name < other.metadata.name ? -1 : 1))
    },
  }
  await world.pass(1000)
  return world
}

/** A workflow of one step; `spec` holds further lines of its spec, as JSON or YAML. */
export function workflowFile(name: string, spec: string): SimulatedFiles {
  const lines = spec.split('\n').map((line) => `  ${line}`)
  return {
    [`workflows/${name}.yaml`]: [
      'apiVersion: fusee.dev/v1alpha1',
      'kind: Workflow',
      `metadata: {name: ${name}}`,
      'spec:',
      ...lines,
      '  steps: [{name: only, image: "busybox:1.36", script: echo hello}]',
      '',
    ].join('\n'),
  }
}
