import path from 'node:path'
import { createLocalJobCluster } from './cluster/local/jobs.ts'
import type { DataFolder } from './cluster/local/data-folder.ts'
import { openDataFolder } from './cluster/local/data-folder.ts'
import { createLocalRunCluster } from './cluster/local/runs.ts'
import { createWriteSite, parseCrashSwitch } from './config/crash-switch.ts'
import type { ServeConfig } from './config/serve-config.ts'
import type { Context } from './context.ts'
import type { Report } from './controller/events.ts'
import { asCommitSha } from './git/ports.ts'
import { openRepository } from './git/open.ts'
import { readCredentials } from './config/secrets.ts'
import { COMMIT_ANNOTATION } from './runs/render-job.ts'
import { createSystemClock, createSystemRandom } from './system-clock.ts'

/** A context whose data folder is ours until `close`. */
export interface OpenContext {
  context: Context
  close(): Promise<void>
}

/** Everything that `fusee serve` with the local runner works with. Throws an Error that says what to do when a part cannot be had. */
export async function createLocalContext(
  config: ServeConfig,
  env: Readonly<Record<string, string | undefined>>,
  report: Report,
): Promise<OpenContext> {
  const clock = createSystemClock()
  const random = createSystemRandom()
  const crashAt = env['FUSEE_CRASH_AT']
  const writeSite = createWriteSite(crashAt === undefined ? null : parseCrashSwitch(crashAt), () => {
    process.kill(process.pid, 'SIGKILL')
  })
  const folder = await openDataFolder(config.dataFolder)
  try {
    const credentials = config.credentialsSecret === null ? {} : await readCredentials(config.secretsFolder ?? '', config.credentialsSecret)
    const { url, branch, statusBranch } = config
    const git = await openRepository({ url, branch, statusBranch, dataFolder: path.join(config.dataFolder, 'git'), credentials, now: clock.now })
    const runs = await createLocalRunCluster(folder, { clock, random })
    const jobs = await createLocalJobCluster(folder, {
      clock,
      random,
      secretsFolder: config.secretsFolder,
      provideSource: async (job, target) => {
        const commit = job.metadata.annotations?.[COMMIT_ANNOTATION] ?? ''
        await exportFiles(git.source.filesAt(asCommitSha(commit)), target)
      },
    })
    return {
      context: { clock, random, report, writeSite, runs, jobs, repositories: [{ settings: config.settings, ...git, owner: folder.controllerId }] },
      close: () => closeAll(folder, jobs),
    }
  } catch (error) {
    await folder.close()
    throw error
  }
}
