import type { Clock, Random } from '../../clock.ts'
import { formatTimestamp, parseTimestamp } from '../../clock.ts'
import { isFinished } from '../../runs/ends.ts'
import type { Job, JobObservation, ObjectRef, StoredJob } from '../../runs/objects.ts'
import { FINALIZER, LABELS } from '../../runs/objects.ts'
import type { AbandonableJobs, ClusterEvent, JobCluster } from '../ports.ts'
import { findBubblewrap } from './bubblewrap.ts'
import { checkJob } from './check-job.ts'
import { findControlGroup } from './control-group.ts'
import type { JobController } from './control-jobs.ts'
import { createJobController, jobFile, markDeleted } from './control-jobs.ts'
import type { DataFolder } from './data-folder.ts'
import { containersOf } from './launch.ts'
import type { ReportProblem } from '../listeners.ts'
import { createListeners } from '../listeners.ts'
import { createJobMasks, type JobMasks } from '../job-masks.ts'
import type { FollowedJob } from './follow-log.ts'
import { followPodLogs } from './follow-log.ts'
import { isLive, toPod, viewOf } from './local-pod.ts'
import type { LocalContext, ObjectStore } from './object-store.ts'
import { openObjectStore } from './object-store.ts'
import { DEFAULT_PATH, findProgram } from './find-program.ts'
import type { ProvideSource } from './pod-folders.ts'
import { jobFolder } from './pod-folders.ts'
import { judgeFailure } from './pod-failure-policy.ts'
import { readPodLogTail } from './pod-logs.ts'
import { machineId, processSource } from './process-identity.ts'
import type { ProcessSource } from './process-identity.ts'
import { openSecretsFolder, type SecretsFolder } from './secrets-folder.ts'
import { createPodSupervisor } from './supervise-pods.ts'
import { createPodSweeper } from './sweep-pods.ts'

/** What the local runner needs beside its data folder. */
export interface LocalJobOptions {
  clock: Clock
  random: Random
  report?: ReportProblem
  /** `<secret>/<key>`; null when there are no secrets. */
  secretsFolder: string | null
  /** Fills the volume `source` of pods whose template is annotated `fusee.dev/source: "true"`. */
  provideSource?: ProvideSource
  /** The machine's environment; steps get its PATH, HOME and LANG. Default: that of this process. */
  environment?: Readonly<Record<string, string | undefined>>
  /** Most bytes kept of what one container prints; default 10 MiB. */
  logLimitBytes?: number
  /** Shell that runs the pods' scripts; default `/bin/sh`. */
  shell?: string
  /** bwrap(1), which puts mounts at their paths; null for none. Found out by default. */
  bubblewrap?: string | null
  /** Control group (cgroup v2) below which pods get theirs, which no process of theirs can leave; null for none. Found out by default. */
  controlGroup?: string | null
  /** How to look at processes, and setsid(1) to use (null: the shell's job control); found out by default. */
  platform?: { processSource: ProcessSource; setsid: string | null }
}

/** Jobs as processes of this machine. `close` lets go of them; they go on, and the next opening of the folder finds them. */
export interface LocalJobs extends AbandonableJobs {
  /** SIGKILL to everything that runs; answers once nothing does. Nothing new is started afterwards. */
  killAll(): Promise<void>
  close(): Promise<void>
}

const DEFAULT_LOG_LIMIT_BYTES = 10 * 1024 * 1024
const STEP_ENVIRONMENT = ['PATH', 'HOME', 'LANG']

/**
 * Opens the Jobs of a data folder and goes on with those that are not at their end. A pod is a process session of its own; no image is used. Where it differs from Kubernetes:
 * - `restartPolicy` OnFailure is as Never: every try is a new pod. Between tries a second passes, doubling to ten.
 * - A pod whose processes went without an exit code is lost: phase Failed, condition DisruptionTarget, reason `Lost`. It is
 *   replaced and never counts against `backoffLimit`; the fifth fails the Job, reason `Disrupted`.
 * - A pod that cannot start (a secret is missing, say) has failed, with that reason; it does not wait.
 * - An exit code above 128 may stand for a signal, `signal` is not told. Deadlines, limits and placement: only `activeDeadlineSeconds` counts.
 */
export async function createLocalJobCluster(folder: DataFolder, options: LocalJobOptions): Promise<LocalJobs> {
  const context: LocalContext = { folder, clock: options.clock, random: options.random, report: options.report ?? (() => undefined) }
  const { clock, report } = context
  const environment = options.environment ?? process.env
  const platform = options.platform ?? { processSource: processSource(), setsid: findProgram('setsid', environment['PATH']) }
  const machine = machineId()
  const bubblewrap = onFirstUse(() => (options.bubblewrap === undefined ? findBubblewrap(environment['PATH']) : options.bubblewrap))
  const canMount = (): boolean => bubblewrap() !== null
  const secrets = openSecretsFolder(options.secretsFolder)
  const listeners = createListeners<ClusterEvent>(report)
  const changed = (job: StoredJob): void => {
    const run = runOf(job)
    if (run !== null) listeners.tell({ kind: 'Job', run })
  }
  const store = await openObjectStore<Job>(context, jobFiles(context), changed)
  const supervisor = createPodSupervisor({
    clock,
    report,
    shell: options.shell ?? '/bin/sh',
    environment: stepEnvironment(environment),
    processSource: platform.processSource,
    machine,
    changed: (pod) => {
      controller.podChanged(pod)
    },
  })
  const sweeper = createPodSweeper(clock, report, platform.processSource)
  const controller: JobController = createJobController({
    sources: { context, secrets, provideSource: options.provideSource ?? null, canMount },
    store,
    supervisor,
    sweeper,
    script: { ...platform, machine, bubblewrap, logLimitBytes: options.logLimitBytes ?? DEFAULT_LOG_LIMIT_BYTES },
    controlGroup: onFirstUse(() => (options.controlGroup === undefined ? findControlGroup() : options.controlGroup)),
    changed,
  })
  const masks = createJobMasks((_job, secret) => readSecretValues(secrets, secret))
  for (const job of store.list(() => true)) await controller.load(job)
  return {
    ...createPort({ context, store, controller, masks, canMount }),
    subscribe: (listener) => listeners.add(listener),
    async followLog(job, hear, signal, pod) {
      await followPodLogs(clock, () => lookAt(job, store, controller, pod), await masks.valuesOf(job), hear, signal)
    },
    async killAll() {
      await controller.close()
      await supervisor.killAll()
    },
    async close() {
      await controller.close()
      supervisor.close()
      await sweeper.close()
    },
  }
}

function lookAt(job: StoredJob, store: ObjectStore<Job>, controller: JobController, only?: string): FollowedJob {
  const current = store.get(job.metadata)
  if (current === null || current.metadata.uid !== job.metadata.uid) return { podFolders: [], containers: 0, isOver: true }
  const pods = controller.podsOf(current).filter((pod) => only === undefined || pod.manifest.metadata.name === only)
  const isOver = (only !== undefined || isFinished(current)) && !pods.some((pod) => isLive(current, pod))
  return { podFolders: pods.map((pod) => pod.folder), containers: containersOf(job.spec.template.spec).length, isOver }
}

interface PortParts {
  context: LocalContext
  store: ObjectStore<Job>
  controller: JobController
  masks: JobMasks
  canMount: () => boolean
}

function createPort({ context, store, controller, masks, canMount }: PortParts): Omit<JobCluster, 'subscribe'> {
  const { clock } = context

  async function markForDeletion(job: StoredJob): Promise<void> {
    await store.update(job.metadata, (current) => {
      const isOther = current.metadata.uid !== job.metadata.uid
      return isOther || current.metadata.deletionTimestamp !== undefined
        ? { kind: 'Keep' }
        : { kind: 'Write', object: markDeleted(current, clock.now()) }
    })
  }

  return {
    async createJob(job) {
      checkJob(job, canMount)
      const creation = await store.create(job)
      if (creation.kind === 'Created') void controller.request(job.metadata)
      return creation
    },
    async observeJobs(run) {
      const jobs = store.list((job) => isOf(job, run))
      return Promise.all(
        jobs.map(async (job) => {
          const observation = observe(job, controller)
          return { ...observation, pods: await masks.maskPods(job, observation.pods) }
        }),
      )
    },
    async listJobs() {
      return store
        .list(() => true)
        .flatMap((job) => {
          const run = runOf(job)
          return run === null ? [] : [{ run, job }]
        })
    },
    async relabelJob(job, labels) {
      await store.update(job.metadata, (current) =>
        current.metadata.uid === job.metadata.uid
          ? { kind: 'Write', object: { ...current, metadata: { ...current.metadata, labels: { ...current.metadata.labels, ...labels } } } }
          : { kind: 'Keep' },
      )
    },
    async stopJob(job) {
      await markForDeletion(job)
      void controller.request(job.metadata)
    },
    async releaseJob(job) {
      await store.update(job.metadata, (current) => {
        const finalizers = current.metadata.finalizers ?? []
        if (current.metadata.uid !== job.metadata.uid || !finalizers.includes(FINALIZER)) return { kind: 'Keep' }
        const metadata = { ...current.metadata, finalizers: finalizers.filter((finalizer) => finalizer !== FINALIZER) }
        return { kind: 'Write', object: { ...current, metadata } }
      })
      void controller.request(job.metadata)
    },
    async deleteJob(job) {
      await markForDeletion(job)
      await controller.request(job.metadata)
    },
    async readLogTail(job, maxBytes, only) {
      const pods = store.get(job.metadata) === null ? [] : controller.podsOf(job)
      const pod = pods.findLast(({ manifest }) => only === undefined || manifest.metadata.name === only)
      if (pod === undefined) return ''
      const text = readPodLogTail(pod.folder, containersOf(job.spec.template.spec).length, maxBytes)
      return masks.maskTail(job, text)
    },
  }
}

async function readSecretValues(secrets: SecretsFolder, name: string): Promise<string[]> {
  const keys = (await secrets.keys(name)) ?? []
  return Promise.all(keys.map(async (key) => (await secrets.read(name, key))?.toString() ?? ''))
}

function jobFiles(context: LocalContext): Parameters<typeof openObjectStore>[1] {
  const remove = (ref: ObjectRef): Promise<void> => context.folder.files.removeFolder(jobFolder(ref))
  return { root: 'jobs', nameOf: (entry) => entry, fileOf: jobFile, remove, decode: assertHasContainers }
}

function assertHasContainers(value: unknown): unknown {
  const { spec } = value as { spec?: { template?: { spec?: { containers?: unknown } } } }
  if (!Array.isArray(spec?.template?.spec?.containers)) throw new TypeError('it holds no Job')
  return value
}

function observe(job: StoredJob, controller: JobController): JobObservation {
  const pods = controller.podsOf(job)
  const views = pods.map((pod) => viewOf(job, pod))
  const failed = views.filter((view) => view.kind === 'Failed' && judgeFailure(job.spec, view).kind !== 'Ignore')
  const status = {
    ...job.status,
    ...(job.spec.suspend === true ? {} : { startTime: formatTimestamp(parseTimestamp(job.metadata.creationTimestamp)) }),
    active: views.filter((view) => view.kind === 'Live').length,
    succeeded: views.filter((view) => view.kind === 'Succeeded').length,
    failed: failed.length,
  }
  return { job: { ...job, status }, pods: pods.map((pod) => toPod(job, pod)) }
}

function runOf(job: StoredJob): ObjectRef | null {
  const name = job.metadata.labels?.[LABELS.run]
  return name === undefined ? null : { namespace: job.metadata.namespace, name }
}

function isOf(job: StoredJob, run: ObjectRef): boolean {
  return job.metadata.namespace === run.namespace && job.metadata.labels?.[LABELS.run] === run.name
}

function stepEnvironment(machine: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const environment: Record<string, string> = { PATH: DEFAULT_PATH }
  for (const name of STEP_ENVIRONMENT) {
    const value = machine[name]
    if (value !== undefined) environment[name] = value
  }
  return environment
}

/** Works something out once, when it is first asked for. */
function onFirstUse<T>(work: () => T): () => T {
  let known: { value: T } | null = null
  return () => (known ??= { value: work() }).value
}
