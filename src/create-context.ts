import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Clock, Random } from './clock.ts'
import type { DataFolder } from './cluster/local/data-folder.ts'
import { openDataFolder } from './cluster/local/data-folder.ts'
import type { LocalJobs } from './cluster/local/jobs.ts'
import { createLocalJobCluster } from './cluster/local/jobs.ts'
import { SourceAwayError } from './cluster/local/pod-folders.ts'
import { createLocalRunCluster } from './cluster/local/runs.ts'
import { createWriteSite, parseCrashSwitch } from './config/crash-switch.ts'
import type { ServeConfig } from './config/serve-config.ts'
import type { Context } from './context.ts'
import { alwaysFollowed } from './context.ts'
import type { Report } from './controller/events.ts'
import { plainWriteSite } from './crash-points.ts'
import type { Files } from './definitions/files.ts'
import { exportFiles } from './git/export-files.ts'
import type { OpenedRepository, OpenRepositoryOptions } from './git/open.ts'
import { openRepository } from './git/open.ts'
import { asCommitSha, GitError, type ReviewBranches } from './git/ports.ts'
import { readCredentials, readSecretValues, readSigner } from './read-credentials.ts'
import { COMMIT_ANNOTATION } from './runs/render-job.ts'
import { createSystemClock, createSystemRandom } from './system-clock.ts'

/** A context that holds its data folder until `close`. */
export interface OpenContext<T> {
  context: T
  close(): Promise<void>
}

/** What one run by itself needs. */
export type OnceContext = Omit<Context, 'repositories' | 'jobs'> & { jobs: LocalJobs }

/** Everything that `fusee serve` with the local runner works with. Rejects with an Error that says what to do when a part cannot be had. */
export async function createLocalContext(
  config: ServeConfig,
  env: Readonly<Record<string, string | undefined>>,
  report: Report,
): Promise<OpenContext<Context>> {
  const { url, branch, statusBranch, secretsFolder, credentialsSecret } = config
  const crashAt = env['FUSEE_CRASH_AT']
  const crashSwitch = crashAt === undefined ? null : parseCrashSwitch(crashAt)
  const writeSite = createWriteSite(crashSwitch, () => {
    process.kill(process.pid, 'SIGKILL')
  })
  const secrets = secretsFolder ?? ''
  const credentials = credentialsSecret === null ? {} : await readCredentials(secrets, credentialsSecret)
  const history = await openedHistory(config.history, secrets)
  const sign = config.signingSecret === null ? null : await readSigner(secrets, config.signingSecret)
  const { webhookSecret } = config
  const webhooks = webhookSecret === null ? {} : { webhookSecrets: () => readSecretValues(secrets, webhookSecret) }
  return withDataFolder(config.dataFolder, async (folder, clock, random) => {
    const dataFolder = path.join(config.dataFolder, 'git')
    const git = await openRepository({ url, branch, statusBranch, dataFolder, credentials, proxies: env, sign, ...history })
    const clusters = await createClusters({
      folder,
      clock,
      random,
      report,
      secretsFolder,
      filesAt: (commit) => git.source.filesAt(asCommitSha(commit)),
    })
    const repositories = alwaysFollowed([
      { settings: config.settings, source: git.source, status: git.status, ...reviewsOf(config, git), owner: folder.controllerId, ...webhooks },
    ])
    return {
      context: { clock, random, report, writeSite, ...clusters, repositories },
      async close() {
        git.close()
        await clusters.jobs.close()
      },
    }
  })
}

function reviewsOf({ settings }: ServeConfig, git: OpenedRepository): { reviews?: ReviewBranches } {
  return settings.review === undefined ? {} : { reviews: git.reviews(settings.review.into) }
}

async function openedHistory(history: ServeConfig['history'], secrets: string): Promise<Pick<OpenRepositoryOptions, 'history'>> {
  if (history === null) return {}
  const { url, credentialsSecret } = history
  return { history: { url, credentials: credentialsSecret === null ? {} : await readCredentials(secrets, credentialsSecret) } }
}

/** What `fusee run` works with: state in a folder of its own, which goes with `close`. */
export async function createOnceContext(options: { files: Files; secretsFolder: string | null; report: Report }): Promise<OpenContext<OnceContext>> {
  const dataFolder = await mkdtemp(path.join(tmpdir(), 'fusee-run-'))
  const open = await withDataFolder(dataFolder, async (folder, clock, random) => {
    const clusters = await createClusters({
      folder,
      clock,
      random,
      report: options.report,
      secretsFolder: options.secretsFolder,
      filesAt: () => options.files,
    })
    return { context: { clock, random, report: options.report, writeSite: plainWriteSite, ...clusters }, close: () => clusters.jobs.close() }
  })
  return {
    context: open.context,
    async close() {
      await open.close()
      await rm(dataFolder, { recursive: true, force: true })
    },
  }
}

async function withDataFolder<T>(
  dataFolder: string,
  create: (folder: DataFolder, clock: Clock, random: Random) => Promise<OpenContext<T>>,
): Promise<OpenContext<T>> {
  const folder = await openDataFolder(dataFolder)
  try {
    const open = await create(folder, createSystemClock(), createSystemRandom())
    return {
      context: open.context,
      async close() {
        await open.close()
        await folder.close()
      },
    }
  } catch (error) {
    await folder.close()
    throw error
  }
}

interface ClusterOptions {
  folder: DataFolder
  clock: Clock
  random: Random
  report: Report
  secretsFolder: string | null
  filesAt: (commit: string) => Files
}

async function createClusters({ folder, clock, random, report, secretsFolder, filesAt }: ClusterOptions) {
  const reportProblem = (message: string, about: Record<string, unknown>): void => {
    report({ kind: 'RunnerProblem', message, about })
  }
  const runs = await createLocalRunCluster(folder, { clock, random, report: reportProblem })
  const jobs = await createLocalJobCluster(folder, {
    clock,
    random,
    report: reportProblem,
    secretsFolder,
    provideSource: (job, target) => provideSource(filesAt(job.metadata.annotations?.[COMMIT_ANNOTATION] ?? ''), target),
  })
  return { runs, jobs }
}

/** Git that is away is no failure of the step: it waits for its files. */
async function provideSource(files: Files, target: string): Promise<void> {
  try {
    await exportFiles(files, target)
  } catch (error) {
    if (error instanceof GitError && error.kind !== 'ObjectNotFound') throw new SourceAwayError(error.message, { cause: error })
    throw error
  }
}
