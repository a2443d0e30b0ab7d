import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { formatTick, parseTimestamp } from '../../src/clock.ts'
import { openDataFolder } from '../../src/cluster/local/data-folder.ts'
import { createLocalRunCluster } from '../../src/cluster/local/runs.ts'
import { initialCursors } from '../../src/controller/cursors.ts'
import type { Cursors } from '../../src/runs/run.ts'
import { createSystemClock, createSystemRandom } from '../../src/system-clock.ts'
import { createCronTicks } from '../../src/triggers/cron.ts'
import type { StoryFacts } from './exactly-once.ts'
import { findViolations } from './exactly-once.ts'
import type { FuseeProcess } from './fusee-process.ts'
import { startFusee, until } from './fusee-process.ts'
import type { GitHttpServer } from './git-http-server.ts'
import { startGitHttpServer } from './git-http-server.ts'
import { importCommits, runGit } from './git-program.ts'
import { STORY, storyFiles } from './story-workflows.ts'
import type { StoryPlaces, StoryWorld } from './story-world.ts'
import { readJobs, readObjects, readWorld } from './story-world.ts'
import { removeFolder } from './remove-folder.ts'

/** How the controller reaches the repository. */
export type Transport = 'local folder' | 'http'

/**
 * A followed repository with the workflows of STORY, whose last controller stopped three minutes ago: ticks have passed since. Its
 * status branch is not there, so the first controller of the story claims it anew.
 */
export interface Story {
  places: StoryPlaces
  /** Adds commits and moves the branch once; the new tip. */
  push(commits?: number): Promise<string>
  start(env?: Readonly<Record<string, string>>): FuseeProcess
  /** What the cluster holds now. */
  objects(): Promise<Pick<StoryWorld, 'cursors' | 'runs'>>
  /** Goes on, with another process when there is none, until nothing is left to do; then ends that process in peace. */
  settle(): Promise<void>
  /** Everything that is left, and what of it breaks the promise. */
  judge(): Promise<{ world: StoryWorld; violations: string[] }>
  /** Kills what still runs and removes all traces. */
  close(): Promise<void>
}

const NAME = 'story'
const MINUTE_MS = 60_000

export async function createStory(transport: Transport): Promise<Story> {
  const folder = await mkdtemp(path.join(tmpdir(), 'fusee-story-'))
  const places: StoryPlaces = {
    repository: path.join(folder, 'remote', `${NAME}.git`),
    dataFolder: path.join(folder, 'data'),
    evidence: path.join(folder, 'evidence'),
    name: NAME,
  }
  await mkdir(places.repository, { recursive: true })
  await runGit(places.repository, ['init', '--quiet', '--bare', '--initial-branch=main'])
  const first = await importCommits(places.repository, [storyFiles(places.evidence)])
  const server = transport === 'http' ? await startGitHttpServer({ root: path.join(folder, 'remote') }) : null
  const document = path.join(folder, 'repository.yaml')
  await writeFile(document, repositoryDocument(server, places))
  const nowMs = Date.now()
  const judgedUpToMs = nowMs - (nowMs % MINUTE_MS) - 3 * MINUTE_MS
  await writeCursors(places.dataFolder, first, judgedUpToMs)

  const pushed: string[] = []
  const processes: FuseeProcess[] = []
  const running = new Set<FuseeProcess>()

  function start(env: Readonly<Record<string, string>> = {}): FuseeProcess {
    const fusee = startFusee(['serve', '--output', 'json', '--repository', document, '--data', places.dataFolder, '--listen', '127.0.0.1:0'], env)
    processes.push(fusee)
    running.add(fusee)
    void fusee.ended.then(() => running.delete(fusee))
    return fusee
  }

  /** What is still to be done; null when nothing is. */
  async function findUnsettled(): Promise<string | null> {
    const { cursors, runs } = await readObjects(places)
    if (cursors?.lastCommit !== (pushed.at(-1) ?? first)) return 'the newest push was not dealt with'
    const behind = Object.values(cursors.schedules).some(({ judgedUpTo }) => parseTimestamp(judgedUpTo) < nowMs - (nowMs % MINUTE_MS))
    if (behind) return 'ticks are to be judged'
    if (cursors.fates.length > 0) return 'fates are to be recorded'
    const open = runs.find((run) => run.status?.recorded === undefined)
    if (open !== undefined) return `${open.metadata.name} is ${open.status?.phase}, not recorded`
    const jobs = await readJobs(places)
    const held = jobs.find(
      (job) => (job.metadata.finalizers ?? []).length > 0 || !runs.some((run) => run.metadata.name === job.metadata.labels?.['fusee.dev/run']),
    )
    if (held !== undefined) return `Job ${held.metadata.name} is held or has no Run`
    const crowded = STORY.find(({ name, keeps }) => runs.filter((run) => run.spec.workflow === name).length > keeps)
    return crowded === undefined ? null : `Runs of ${crowded.name} are to be swept`
  }

  return {
    places,
    start,
    objects: () => readObjects(places),
    async push(commits = 1) {
      const changes = Array.from({ length: commits }, (_, index) => ({ 'notes.txt': `${pushed.length + index}\n` }))
      const before = pushed.at(-1) ?? first
      const tip = await importCommits(places.repository, changes, { message: 'Change the notes' })
      pushed.push(...(await runGit(places.repository, ['rev-list', '--reverse', `${before}..${tip}`])).split('\n'))
      return tip
    },
    async settle() {
      do {
        const fusee = [...running][0] ?? start()
        let open: string | null = null
        await until(
          'a settled world',
          async () => (open = await findUnsettled()) === null || !running.has(fusee),
          () => `${open}\n${logOf(processes)}`,
        )
        if (running.has(fusee)) await fusee.stop()
      } while ((await findUnsettled()) !== null)
    },
    async judge() {
      const lines = processes.flatMap((fusee) => fusee.lines)
      const observed = lines.filter(({ msg }) => msg === 'definitions in force').map(({ commit }) => String(commit))
      const facts: StoryFacts = { workflows: STORY, pushed, observed: pushed.filter((commit) => observed.includes(commit)), judgedUpToMs }
      const world = await readWorld(places)
      const troubles = lines.filter(({ level }) => level === 'error').map((line) => `an error was logged: ${JSON.stringify(line)}`)
      return { world, violations: [...findViolations(world, facts), ...troubles] }
    },
    async close() {
      for (const fusee of running) {
        fusee.kill('SIGKILL')
        await fusee.ended
      }
      await server?.close()
      await removeFolder(folder)
    },
  }
}

function repositoryDocument(server: GitHttpServer | null, { repository, name }: StoryPlaces): string {
  return `apiVersion: fusee.dev/v1alpha1
kind: Repository
metadata: {name: ${name}}
spec:
  url: ${server === null ? repository : `${server.url}/${name}.git`}
  ref: {branch: main}
  interval: 1s
  history: {interval: 1s, review: {into: main}}
`
}

/** Leaves cursors as a controller does that has dealt with this commit and judged all ticks up to that time. */
async function writeCursors(dataFolder: string, commit: string, judgedUpToMs: number): Promise<void> {
  const scheduled = STORY.filter(({ trigger }) => trigger.kind === 'Schedule').map(({ name }) => name)
  const cursor = (name: string): Cursors['schedules'][string] => ({
    judgedUpTo: formatTick(judgedUpToMs),
    form: createCronTicks({ cron: '* * * * *', timeZone: 'Etc/UTC', seed: name }).form,
  })
  const folder = await openDataFolder(dataFolder)
  const runs = await createLocalRunCluster(folder, { clock: createSystemClock(), random: createSystemRandom() })
  await runs.writeCursors(
    { namespace: 'default', name: NAME },
    {
      ...initialCursors,
      conditions: [{ type: 'Ready', status: 'True', reason: 'Followed', message: 'main is followed', lastTransitionTime: formatTick(judgedUpToMs) }],
      lastCommit: commit,
      validCommits: Object.fromEntries(STORY.map(({ name }) => [name, commit])),
      validScheduleCommits: Object.fromEntries(scheduled.map((name) => [name, commit])),
      schedules: Object.fromEntries(scheduled.map((name) => [name, cursor(name)])),
    },
  )
  await folder.close()
}

function logOf(processes: readonly FuseeProcess[]): string {
  return processes
    .map((fusee) => [...fusee.lines.map((line) => JSON.stringify(line)), fusee.stderr()].join('\n'))
    .join('\n--- another process\n')
    .slice(-20_000)
}
