import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Clock, Random } from './clock.ts'
import type { DataFolder } from './cluster/local/data-folder.ts'
import { openDataFolder } from './cluster/local/data-folder.ts'
import { createLocalJobCluster } from './cluster/local/jobs.ts'
import { SourceAwayError } from './cluster/local/pod-folders.ts'
import { createLocalRunCluster } from './cluster/local/runs.ts'
import type { AbandonableJobs } from './cluster/ports.ts'
import { createWriteSite, parseCrashSwitch } from './config/crash-switch.ts'
import type { ServeConfig } from './config/serve-config.ts'
import type { Context } from './context.ts'
import { alwaysFollowed } from './context.ts'
import type { Report } from './controller/events.ts'
import type { WriteSite } from './crash-points.ts'
import { plainWriteSite } from './crash-points.ts'
import type { Files } from './definitions/files.ts'
import { exportFiles } from './git/export-files.ts'
import { fetchedFolders } from './git/open.ts'
import { asCommitSha, GitError } from './git/ports.ts'
import { openFollowed } from './open-followed.ts'
import { folderSecrets } from './read-credentials.ts'
import { COMMIT_ANNOTATION } from './runs/render-job.ts'
import { removeUnused } from './sweep-git-folders.ts'
import { createSystemClock, createSystemRandom } from './system-clock.ts'

/** A context that holds its data folder until `close`. */
export interface OpenContext<T> {
  context: T
  close(): Promise<void>
}

/** What one run by itself needs. */
export type OnceContext = Omit<Context, 'repositories' | 'jobs'> & { jobs: AbandonableJobs }

/** Everything that `fusee serve` with the local runner works with. Rejects with an Error that says what to do when a part cannot be had. */
export async function createLocalContext(
  config: ServeConfig,
  env: Readonly<Record<string, string | undefined>>,
  report: Report,
): Promise<OpenContext<Context>> {
  const writeSite = writeSiteOf(env)
  return withDataFolder(config.dataFolder, async (folder, clock, random) => {
    const gitFolder = path.join(config.dataFolder, 'git')
    const { followed, git } = await openFollowed(config, {
      secrets: folderSecrets(config.secretsFolder ?? ''),
      owner: folder.controllerId,
      dataFolder: gitFolder,
      env,
    })
    // Of a remote that was followed before a folder of this machine.
    await removeUnused(gitFolder, () => fetchedFolders(config).map((name) => path.join(gitFolder, name)))
    const clusters = await createClusters({
      folder,
      clock,
      random,
      report,
      secretsFolder: config.secretsFolder,
      filesAt: (commit) => git.source.filesAt(asCommitSha(commit)),
    })
    return {
      context: { clock, random, report, writeSite, runs: clusters.runs, jobs: clusters.jobs, repositories: alwaysFollowed([followed]) },
      async close() {
        await git.close()
        await clusters.close()
      },
    }
  })
}

/** Where a test wants this process to end, if one does. */
export function writeSiteOf(env: Readonly<Record<string, string | undefined>>): WriteSite {
  const crashAt = env['FUSEE_CRASH_AT']
  return createWriteSite(crashAt === undefined ? null : parseCrashSwitch(crashAt), () => {
    process.kill(process.pid, 'SIGKILL')
  })
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
    const { runs, jobs, close } = clusters
    return { context: { clock, random, report: options.report, writeSite: plainWriteSite, runs, jobs }, close }
  })
  return {
    context: open.context,
    async close() {
      await open.close()
      await rm(dataFolder, { recursive: true, force: true })
    },
  }
}

/** Holds a data folder for as long as what is made on it is open. */
export async function withDataFolder<T>(
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
  const end = new AbortController()
  const runs = await createLocalRunCluster(folder, { clock, random, report: reportProblem })
  const jobs = await createLocalJobCluster(folder, {
    clock,
    random,
    report: reportProblem,
    secretsFolder,
    provideSource: (job, target) => provideSource(filesAt(job.metadata.annotations?.[COMMIT_ANNOTATION] ?? ''), target, end.signal),
  })
  return {
    runs,
    jobs,
    async close() {
      end.abort()
      await jobs.close()
    },
  }
}

/** Git that is away is no failure of the step: it waits for its files. */
async function provideSource(files: Files, target: string, signal: AbortSignal): Promise<void> {
  try {
    await exportFiles(files, target, signal)
  } catch (error) {
    if (signal.aborted) throw new SourceAwayError('stopped while the files of the run were fetched', { cause: error })
    if (error instanceof GitError && error.kind !== 'ObjectNotFound') throw new SourceAwayError(error.message, { cause: error })
    throw error
  }
}
