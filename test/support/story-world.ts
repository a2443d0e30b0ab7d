import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import type { RunRecord } from '../../src/history/record.ts'
import { parseRecord } from '../../src/history/record.ts'
import type { TickRange } from '../../src/history/ticks.ts'
import { parseTicks } from '../../src/history/ticks.ts'
import type { StoredJob } from '../../src/runs/objects.ts'
import type { Cursors, StoredRun } from '../../src/runs/run.ts'
import { findTip, runGit } from './git-program.ts'

/** One commit of the status branch, as the git program tells it. */
export interface HistoryCommit {
  id: string
  parents: string[]
  /** Its trailers `Fusee-Run`. */
  runs: string[]
  /** Letter of `git log --name-status` by path. */
  changes: Map<string, string>
}

/** A line that a step has written. */
export interface Evidence {
  run: string
  step: string
  what: 'start' | 'end'
  atNs: bigint
}

/** Everything that is left of a story, read without any help of the controller. */
export interface StoryWorld {
  cursors: Cursors | null
  runs: StoredRun[]
  jobs: StoredJob[]
  records: { path: string; record: RunRecord }[]
  ticks: { path: string; ranges: TickRange[] }[]
  /** Oldest first. */
  log: HistoryCommit[]
  evidence: Evidence[]
  /** What `git fsck --strict` has to say. */
  fsck: string
  /** Locks of refs that were left behind in the repository; unfinished objects are git's own to clear away. */
  leftOvers: string[]
}

/** Where a story leaves its traces. */
export interface StoryPlaces {
  /** The followed repository, bare. */
  repository: string
  dataFolder: string
  evidence: string
  /** Name of the Repository; its namespace is `default`. */
  name: string
}

const STATUS_BRANCH = 'fusee/status'

/** Reads Runs and cursors alone: cheap enough to be asked again and again. */
export async function readObjects({ dataFolder, name }: Pick<StoryPlaces, 'dataFolder' | 'name'>): Promise<Pick<StoryWorld, 'cursors' | 'runs'>> {
  const folder = path.join(dataFolder, 'runs', 'default')
  const runs = await Promise.all((await listFolder(folder)).map((file) => readJson<StoredRun>(path.join(folder, file))))
  const cursors = await readJson<Cursors>(path.join(dataFolder, 'repositories', 'default', `${name}.json`))
  return { cursors, runs: runs.filter((run) => run !== null) }
}

/** Reads the Jobs. */
export async function readJobs({ dataFolder }: StoryPlaces): Promise<StoredJob[]> {
  const folder = path.join(dataFolder, 'jobs', 'default')
  const jobs = await Promise.all((await listFolder(folder)).map((name) => readJson<StoredJob>(path.join(folder, name, 'job.json'))))
  return jobs.filter((job) => job !== null)
}

/** Reads everything. Rejects when a record cannot be read. */
export async function readWorld(places: StoryPlaces): Promise<StoryWorld> {
  const days = await readDayFiles(places.repository)
  return {
    ...(await readObjects(places)),
    jobs: await readJobs(places),
    records: days.filter(([file]) => !file.endsWith('/ticks.json')).map(([file, text]) => ({ path: file, record: parseRecord(text) })),
    ticks: days.filter(([file]) => file.endsWith('/ticks.json')).map(([file, text]) => ({ path: file, ranges: parseTicks(text) })),
    log: await readLog(places.repository),
    evidence: await readEvidence(places.evidence),
    fsck: await readFsck(places.repository),
    leftOvers: await findLeftOvers(places.repository),
  }
}

/** Text of all JSON files below the days of the status branch, with two processes however many there are. */
async function readDayFiles(repository: string): Promise<[string, string][]> {
  if ((await findTip(repository, `refs/heads/${STATUS_BRANCH}`)) === null) return []
  const names = await runGit(repository, ['ls-tree', '-r', '--name-only', STATUS_BRANCH])
  const files = names.split('\n').filter((file) => /\/\d{4}\/\d\d\/\d\d\/[^/]+\.json$/.test(file))
  const mark = '--- one more file'
  const asked = files.map((file) => `${STATUS_BRANCH}:${file}\n`).join('')
  const texts = (await runGit(repository, ['cat-file', `--batch=${mark}`], asked)).split(`${mark}\n`).slice(1)
  return files.map((file, index) => [file, texts[index] ?? ''])
}

async function readLog(repository: string): Promise<HistoryCommit[]> {
  if ((await findTip(repository, `refs/heads/${STATUS_BRANCH}`)) === null) return []
  const format = '--format=%x00%H%x00%P%x00%(trailers:key=Fusee-Run,valueonly,separator=%x2C)%x00'
  const text = await runGit(repository, ['log', '--reverse', '--no-renames', '--name-status', format, STATUS_BRANCH])
  const fields = text.split('\0').slice(1)
  const commits: HistoryCommit[] = []
  for (let index = 0; index + 3 < fields.length; index += 4) {
    const [id = '', parents = '', runs = '', changes = ''] = fields.slice(index, index + 4)
    commits.push({ id, parents: words(parents, ' '), runs: words(runs, ','), changes: parseChanges(changes) })
  }
  return commits
}

function parseChanges(text: string): Map<string, string> {
  return new Map(
    words(text, '\n').map((line) => {
      const [letter = '', file = ''] = line.split('\t')
      return [file, letter]
    }),
  )
}

async function readEvidence(file: string): Promise<Evidence[]> {
  const text = await readFile(file, 'utf8').catch(() => '')
  return words(text, '\n').map((line) => {
    const [run, step, what, at] = line.split(' ')
    if (run === undefined || step === undefined || at === undefined || (what !== 'start' && what !== 'end'))
      throw new Error(`a torn line of evidence: ${line}`)
    return { run, step, what, atNs: BigInt(at) }
  })
}

async function readFsck(repository: string): Promise<string> {
  return runGit(repository, ['fsck', '--strict', '--no-dangling', '--no-progress']).catch(String)
}

async function findLeftOvers(repository: string): Promise<string[]> {
  const all = await readdir(repository, { recursive: true })
  return all.filter((file) => file.endsWith('.lock')).sort()
}

async function listFolder(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => [])
}

async function readJson<T>(file: string): Promise<T | null> {
  const text = await readFile(file, 'utf8').catch(() => null)
  return text === null ? null : (JSON.parse(text) as T)
}

function words(text: string, separator: string): string[] {
  return text.split(separator).filter((word) => word.trim() !== '')
}
