import { alwaysFollowed, type Context } from '../../src/context.ts'
import { createSimulatedCluster, type SimulatedCluster } from '../../src/cluster/simulated/cluster.ts'
import { createController, type Controller } from '../../src/controller/controller.ts'
import type { ControllerEvent } from '../../src/controller/events.ts'
import type { RepositorySettings } from '../../src/config/repository-settings.ts'
import { plainWriteSite } from '../../src/crash-points.ts'
import { type CommitSha, GitError, type SourceRepository, type StatusBranch } from '../../src/git/ports.ts'
import { createDefinitionCache } from '../../src/definitions/definition-cache.ts'
import { loadDefinitions } from '../../src/definitions/load-definitions.ts'
import { statePolicy } from '../../src/definitions/policy/policy.ts'
import { createSimulatedGit, type SimulatedFiles, type SimulatedGit } from '../../src/git/simulated.ts'
import type { Cursors, StoredRun } from '../../src/runs/run.ts'
import { createSeededRandom } from '../../src/simulation/seeded-random.ts'
import { createVirtualClock, type VirtualClock } from '../../src/simulation/virtual-clock.ts'

/** A git repository and a virtual clock, for controllers on clusters in memory. */
export interface ControlledWorld {
  clock: VirtualClock
  git: SimulatedGit
  /** Why the status branch cannot be reached; null while it can. */
  away: GitError | null
  /** Why the followed branch and its files cannot be reached; null while they can. */
  sourceAway: GitError | null
  /** Whether each new tip makes the followed branch forget all commits but those that are kept, as a new copy of a remote does. */
  isForgetful: boolean
  /** Commits to the followed branch. What the commit defines is known before any controller looks: reading files takes real time. */
  push(files: SimulatedFiles): Promise<CommitSha>
  /** A cluster without anything in it. */
  createCluster(): SimulatedCluster
  /** Starts a controller of this name on a cluster. */
  start(cluster: SimulatedCluster, owner?: string, more?: Partial<Pick<Context, 'pauseAtStart' | 'writeSite'>>): RunningController
  /** Lets time pass. */
  pass(ms: number): Promise<void>
}

export interface RunningController {
  controller: Controller
  context: Context
  events: ControllerEvent[]
  runs(): Promise<StoredRun[]>
  cursors(): Promise<Cursors | null>
  condition(type: string): Promise<Cursors['conditions'][number] | undefined>
  /** Stops it as a crash would: what it has begun is not finished by it. */
  stop(): Promise<void>
}

export const START_MS = Date.parse('2026-11-20T00:59:30Z')
export const MINUTE_MS = 60_000

/** How the pods of these worlds go: they run for a second and succeed, those of a workflow `slow…` for ten minutes. */
const QUICK = { startMs: 0, runMs: 1000, exitCode: 0, log: '', termMs: 0, lostAfterMs: null }

/** `records` is the repository of the status branch, where that is another. */
export function createControlledWorld(settings: Partial<RepositorySettings> = {}, records?: SimulatedGit): ControlledWorld {
  const clock = createVirtualClock(START_MS)
  const git = createSimulatedGit({ now: () => clock.now() })
  const definitionCache = createDefinitionCache()
  let clusters = 0
  const guard = (status: StatusBranch): StatusBranch => {
    const reach = <T>(call: () => Promise<T>): Promise<T> => (world.away === null ? call() : Promise.reject(world.away))
    return {
      ...status,
      fetchTip: (signal) => reach(() => status.fetchTip(signal)),
      commit: (parent, changes, message, signal) => reach(() => status.commit(parent, changes, message, signal)),
    }
  }
  let copy: { tip: CommitSha | null; commits: ReadonlySet<string> } = { tip: null, commits: new Set() }
  const guardSource = (source: SourceRepository): SourceRepository => {
    let kept: readonly CommitSha[] = []
    const reach = <T>(call: () => Promise<T>): Promise<T> => (world.sourceAway === null ? call() : Promise.reject(world.sourceAway))
    return {
      ...source,
      keep: (commits) => void (kept = commits),
      async fetchTip(signal) {
        const tip = await reach(() => source.fetchTip(signal))
        if (tip !== copy.tip) copy = { tip, commits: new Set([tip, ...kept.filter((commit) => copy.commits.has(commit))]) }
        return tip
      },
      filesAt(commit) {
        const files = source.filesAt(commit)
        if (world.isForgetful && !copy.commits.has(commit)) {
          const gone = (): Promise<never> => Promise.reject(new GitError('ObjectNotFound', `${commit} is gone`))
          return { list: gone, read: gone }
        }
        return {
          list: (folder) => reach(() => files.list(folder)),
          read: (path, maxBytes) => reach(() => files.read(path, maxBytes)),
        }
      },
    }
  }
  const world: ControlledWorld = {
    clock,
    git,
    away: null,
    sourceAway: null,
    isForgetful: false,
    async push(files) {
      const commit = await git.pushCommit(files)
      await loadDefinitions(git.open().source.filesAt(commit), { path: 'workflows', cache: definitionCache })
      return commit
    },
    createCluster: () =>
      createSimulatedCluster({
        clock,
        random: createSeededRandom(`cluster ${++clusters}`),
        scripts: (job) => ({ ...QUICK, ...(job.metadata.name.startsWith('slow') ? { runMs: 10 * MINUTE_MS } : {}) }),
      }),
    start(cluster, owner = 'first', more = {}) {
      const events: ControllerEvent[] = []
      const { source } = git.open()
      const { status } = (records ?? git).open()
      const ref = { namespace: 'data', name: 'jobs' }
      const context: Context = {
        clock,
        random: createSeededRandom(owner),
        report: (event) => events.push(event),
        writeSite: plainWriteSite,
        runs: cluster.runs,
        jobs: cluster.jobs,
        definitionCache,
        ...more,
        repositories: alwaysFollowed([
          {
            settings: {
              ref,
              url: 'https://git.example.com/acme/jobs.git',
              path: 'workflows',
              intervalSeconds: 10,
              historyIntervalSeconds: 10,
              suspend: false,
              maxParallelSteps: 50,
              vars: {},
              policy: statePolicy({}, 'data', { serviceAccounts: [], secrets: [] }),
              ...settings,
            },
            source: guardSource(source),
            status: guard(status),
            ...(settings.review === undefined ? {} : { reviews: (records ?? git).openReviews(settings.review.into) }),
            owner,
          },
        ]),
      }
      const controller = createController(context)
      controller.start()
      const cursors = (): Promise<Cursors | null> => cluster.runs.readCursors(ref)
      return {
        controller,
        context,
        events,
        cursors,
        runs: () => cluster.runs.listRuns(),
        condition: async (type) => (await cursors())?.conditions.find((one) => one.type === type),
        stop: () => controller.drain(),
      }
    },
    pass: (ms) => clock.runUntil(clock.now() + ms),
  }
  return world
}

/** A workflow that is one step, with a schedule at every minute, or at another `cron`; `more` goes into the schedule. */
export function everyMinute(name: string, cron = '* * * * *', more = ''): string {
  return `apiVersion: fusee.dev/v1alpha1
kind: Workflow
metadata: {name: ${name}}
spec:
  triggers: {push: {}, schedule: [{cron: "${cron}"${more}}]}
  steps: [{name: work, image: "busybox:1.36", script: echo done}]
`
}
