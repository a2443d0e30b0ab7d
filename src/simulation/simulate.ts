import type { ClusterChange } from '../cluster/simulated/changes.ts'
import { createSimulatedCluster } from '../cluster/simulated/cluster.ts'
import type { EventDelays } from '../cluster/simulated/event-hub.ts'
import type { JobTiming } from '../cluster/simulated/job-controller.ts'
import { KUBERNETES_TIMING } from '../cluster/simulated/job-controller.ts'
import type { PodScripts } from '../cluster/simulated/pod-script.ts'
import { annotatedPods } from '../cluster/simulated/pod-script.ts'
import type { RepositorySettings } from '../config/repository-settings.ts'
import { UNSTATED_POLICY } from '../config/repository-policy.ts'
import type { Context } from '../context.ts'
import { alwaysFollowed } from '../context.ts'
import type { Controller } from '../controller/controller.ts'
import { createController } from '../controller/controller.ts'
import type { ControllerEvent } from '../controller/events.ts'
import { pause } from '../controller/pause.ts'
import { plainWriteSite } from '../crash-points.ts'
import { loadDefinitions } from '../definitions/load-definitions.ts'
import type { DefinitionCache } from '../definitions/definition-cache.ts'
import { createDefinitionCache } from '../definitions/definition-cache.ts'
import type { Files } from '../definitions/files.ts'
import type { Schedule } from '../definitions/workflow.ts'
import type { CommitSha, SourceRepository } from '../git/ports.ts'
import { asCommitSha } from '../git/ports.ts'
import { isPodEnded } from '../runs/ends.ts'
import type { StoredJob } from '../runs/objects.ts'
import { LABELS } from '../runs/objects.ts'
import { createForgetfulStatus } from './forgetful-status.ts'
import { stepKey } from '../runs/step-key.ts'
import type { Simulation } from './outcome.ts'
import { createOutcome } from './outcome.ts'
import { rememberFiles } from './remembered-files.ts'
import { createSeededRandom } from './seeded-random.ts'
import type { Activity } from './split.ts'
import type { VirtualClock } from './virtual-clock.ts'
import { createVirtualClock } from './virtual-clock.ts'

/** What is simulated. Times are milliseconds since the epoch; ranges end before their end. */
export interface SimulationOptions {
  /** The files in force from the beginning to the end. */
  files: Files
  /** The schedules that they hold. */
  schedules: readonly Schedule[]
  /** Folder of the definitions. */
  path: string
  commit: CommitSha
  repository: string
  fromMs: number
  toMs: number
  /** The controller does not run meanwhile. */
  downs: readonly { fromMs: number; toMs: number }[]
  /** Steps that fail whenever they run: `<step>` or `<workflow>/<step>`. */
  failing: readonly string[]
}

const DAY_MS = 86_400_000
/** Nothing waits for the records, and few large commits cost less than many small ones. */
const HISTORY_INTERVAL_SECONDS = 6 * 3600
/** Nothing changes and no event is lost: looking again only costs time. */
const SELDOM_MS = 30 * DAY_MS
/** What a cluster adds to the time of a step is not what is asked about. */
const PROMPT: JobTiming = { ...KUBERNETES_TIMING, podCreationMs: 0, statusMs: 0 }
/** What comes about at one moment is heard of together, and looked at once. */
const TOGETHER_MS = 1
/** Steps that may be active at once: what a Repository that does not say so has. */
export const MOST_STEPS = 50
const LONGEST_END_MS = 7 * DAY_MS
const UNWRITTEN = asCommitSha('0'.repeat(40))

/** Runs the controller itself under a virtual clock, on a cluster in memory whose steps end well after a second unless they are to fail. */
export async function simulate(options: SimulationOptions): Promise<Simulation> {
  return (await simulatePart(options)).simulation
}

/** A simulation, and when its steps were active. */
export interface SimulatedPart {
  simulation: Simulation
  activity: Activity
}

/** `simulate` for one of several parts that are simulated side by side. */
export async function simulatePart(options: SimulationOptions): Promise<SimulatedPart> {
  const { fromMs, toMs } = options
  const files = rememberFiles(options.files)
  const definitionCache = createDefinitionCache()
  await loadDefinitions(files, { path: options.path, policy: UNSTATED_POLICY, cache: definitionCache })
  // A schedule begins with the first tick after it was first seen.
  const clock = createVirtualClock(fromMs - 1000)
  const outcome = createOutcome(options)
  const activity: Activity = { starts: [], ends: [] }
  const active = new Set<string>()
  const world = createWorld({ ...options, files, definitionCache }, clock, (event) => {
    outcome.hear(event)
    if (event.kind === 'StepStarted') {
      active.add(`${event.run} ${stepKey(event.step)}`)
      activity.starts.push(clock.now())
    } else if (event.kind === 'StepEnded' && active.delete(`${event.run} ${stepKey(event.step)}`)) activity.ends.push(clock.now())
  })
  const downs = [...options.downs].sort((one, other) => one.fromMs - other.fromMs)
  let controller = world.begin()
  for (const down of downs) {
    if (down.toMs <= clock.now() || down.fromMs >= toMs) continue
    await clock.runUntil(Math.max(clock.now(), down.fromMs - 1))
    await controller.drain()
    await clock.runUntil(Math.min(down.toMs, toMs - 1))
    controller = world.begin()
  }
  await clock.runUntil(toMs - 1)
  for (const state of controller.repositories()) await pause(world.context(), state, { by: 'the end', reason: '' })
  await clock.runUntil(toMs + LONGEST_END_MS, () => outcome.isQuiet())
  await controller.drain()
  return { simulation: outcome.result(), activity }
}

interface World {
  begin(): Controller
  context(): Context
}

function createWorld(
  options: SimulationOptions & { definitionCache: DefinitionCache },
  clock: VirtualClock,
  hear: (event: ControllerEvent) => void,
): World {
  const random = createSeededRandom(options.repository)
  const cluster = createSimulatedCluster({ clock, random, scripts: scriptsOf(options.failing), timing: PROMPT, ...createNews() })
  const status = createForgetfulStatus()
  const settings: RepositorySettings = {
    ref: { namespace: 'default', name: options.repository },
    url: '',
    path: options.path,
    intervalSeconds: SELDOM_MS / 1000,
    historyIntervalSeconds: HISTORY_INTERVAL_SECONDS,
    suspend: false,
    maxParallelSteps: MOST_STEPS,
    vars: {},
    policy: UNSTATED_POLICY,
  }
  const repositories = alwaysFollowed([{ settings, source: createStillSource(options), status, owner: 'simulation' }])
  const context: Context = {
    clock,
    random,
    writeSite: plainWriteSite,
    ...cluster,
    repositories,
    definitionCache: options.definitionCache,
    // Records and pages that nobody will read are not worth their making.
    writeHistory: async () => ({
      kind: 'Written',
      commit: (await status.fetchTip()) ?? UNWRITTEN,
      spoilt: [],
      lost: null,
      refilled: [],
      hasMore: false,
      beside: new Set(),
    }),
    resyncIntervalMs: SELDOM_MS,
    report(event) {
      hear(event)
      // What is recorded is of no use here, and every list is the longer for it.
      if (event.kind === 'RecordsPushed') for (const name of event.runs) void forget(name)
    },
  }
  async function forget(name: string): Promise<void> {
    const run = await cluster.runs.getRun({ namespace: settings.ref.namespace, name })
    if (run !== null) await cluster.runs.deleteRun(run)
  }
  return {
    context: () => context,
    begin() {
      const controller = createController(context)
      controller.start()
      return controller
    },
  }
}

/** Whoever has made a Job, or deleted a run, need not hear of it: events tell of ends alone, and of what was done to Runs. */
function createNews(): { onChange: (change: ClusterChange) => void; delays: EventDelays } {
  const ended = new Set<string>()
  return {
    onChange(change) {
      if ((change.kind === 'Pod' && isPodEnded(change.after)) || (change.kind === 'Job' && isEnd(change.before, change.after)))
        ended.add((change.kind === 'Pod' ? change.job : change.after)?.metadata.labels?.[LABELS.run] ?? '')
    },
    delays: (event) => ((event.kind === 'Run' ? event.version !== null : ended.delete(event.run.name)) ? [TOGETHER_MS] : []),
  }
}

/** Whether a Job is being deleted since, or its end is known. */
function isEnd(before: StoredJob | null, after: StoredJob | null): boolean {
  if (before === null || after === null) return false
  const isDeleting = before.metadata.deletionTimestamp !== after.metadata.deletionTimestamp
  return isDeleting || (before.status?.conditions ?? []).length !== (after.status?.conditions ?? []).length
}

/** A branch that stays where it is. */
function createStillSource({ files, commit }: SimulationOptions): SourceRepository {
  return {
    branch: 'main',
    fetchTip: () => Promise.resolve(commit),
    filesAt: () => files,
    changedPaths: () => Promise.resolve([]),
    range: () => Promise.resolve({ commits: [], forward: true }),
    history: () => Promise.resolve([commit]),
    keep: () => undefined,
    message: () => Promise.resolve(''),
  }
}

function scriptsOf(failing: readonly string[]): PodScripts {
  const names = new Set(failing)
  return (job, attempt) => {
    const script = annotatedPods(job, attempt)
    const { [LABELS.step]: step = '', [LABELS.workflow]: workflow = '' } = job.metadata.labels ?? {}
    return names.has(step) || names.has(`${workflow}/${step}`) ? { ...script, exitCode: 1 } : script
  }
}
