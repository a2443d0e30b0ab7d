import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { OpenedRepository, OpenRepositoryOptions } from '../../src/git/open.ts'
import { GitError } from '../../src/git/ports.ts'
import { readHistory } from '../../src/history/read.ts'
import { type WriteRequest, writeHistory } from '../../src/history/write.ts'
import { createSeededRandom, type SeededRandom } from '../../src/simulation/seeded-random.ts'
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts'
import { checkObjects, findTip, importCommits, runGit } from '../support/git-program.ts'
import { serveRepository, SERVES_ALL } from '../support/git-served.ts'
import { cursorsWith, everyHour, finishedRun, inForce, REPOSITORY } from '../support/history-builders.ts'
import { NO_SSHD, SSHD, type Sshd, startSshd } from '../support/sshd.ts'

/** A real server, and a way to it through the proxy or past it. */
interface Place {
  repository: string
  port: number
  open(port: number, options: Partial<OpenRepositoryOptions>): Promise<OpenedRepository>
  folder: string
  close(): Promise<void>
}

/** After so many failures of one piece of work the way is clear. */
const MOST_FAILURES = 4
/** Where the machine is slow, a clear way may still be too slow for our patience. */
const ENDLESS = 20
const LONGEST_MS = 120_000

let sshd: Promise<Sshd> | null = null
afterAll(async () => {
  await (await sshd)?.close()
})

const servers: Record<string, () => Promise<Place>> = {
  async 'git http-backend'() {
    const served = await serveRepository()
    const { port } = new URL(served.url)
    const open: Place['open'] = (at, options) => served.open({ url: served.url.replace(port, String(at)), ...options })
    return { ...served, port: Number(port), open }
  },
  async sshd() {
    sshd ??= startSshd()
    const { port } = await sshd
    const served = await (await sshd).createRepository(SERVES_ALL)
    return { ...served, port, open: (at, options) => served.open({ url: served.url(at), ...options }) }
  },
}

/** Each connection over ssh takes a while. */
const cases = [
  { name: 'git http-backend', seed: 'one', rounds: 8 },
  { name: 'git http-backend', seed: 'two', rounds: 8 },
  { name: 'sshd', seed: 'one', rounds: 3 },
].map((one) => ({ ...one, isSkipped: one.name === 'sshd' && SSHD === null }))

describe.each(cases)('behind a way that cuts, garbles and dawdles, $name, $seed', ({ name, seed, rounds, isSkipped }) => {
  it.skipIf(isSkipped)(
    `${isSkipped ? `${NO_SSHD}: ` : ''}gets every record once, and every push is seen`,
    async () => {
      const place = await (servers[name] as () => Promise<Place>)()
      const proxy = await startFaultProxy(place.port)
      try {
        const random = createSeededRandom(`${name} ${seed}`)
        const opened = await place.open(proxy.port, { branch: 'main', idleTimeoutMs: 2000 })
        const names: string[] = []
        for (let round = 0; round < rounds; round++) {
          const pushed = await importCommits(place.repository, [{ 'data/file.txt': `${round}` }])
          const run = finishedRun({ name: `nightly-report-${round}` })
          names.push(run.metadata.name)
          await insist(proxy, random, async () => {
            expect(await opened.source.fetchTip()).toBe(pushed)
            expect(await readText(opened, pushed)).toBe(`${round}`)
          })
          await insist(proxy, random, () => writeHistory(requestOf(opened, { runs: [run] })))
        }
        expect(proxy.connections).toBeGreaterThan(1)
        await opened.close()

        const log = await runGit(place.repository, ['log', '--format=%(trailers:key=Fusee-Run,valueonly,separator=%x2C)', 'fusee/status'])
        expect(log.split('\n').reverse()).toEqual(names)
        await checkObjects(place.repository)
        // What is in the data folder is whole too, and so is what a new one gets.
        for (const data of ['data', 'fresh']) {
          const { source, status, close } = await place.open(place.port, { branch: 'main', dataFolder: join(place.folder, data) })
          expect(await source.fetchTip()).toBe(await findTip(place.repository, 'refs/heads/main'))
          await status.fetchTip()
          expect((await readHistory(status, { limit: 99 })).records.map(({ run }) => run).sort()).toEqual(names)
          await close()
        }
      } finally {
        await proxy.close()
        await place.close()
      }
    },
    LONGEST_MS,
  )
})

/** Tries until it has worked, with another fault each time; every failure must be one that says what is wrong. */
async function insist(proxy: FaultProxy, random: SeededRandom, work: () => Promise<unknown>): Promise<void> {
  for (let failures = 0; ; failures++) {
    if (failures < MOST_FAILURES) spoil(proxy, random)
    try {
      await work()
      return
    } catch (error) {
      if (!(error instanceof GitError)) throw error
      expect(error.message).toMatch(/\w+ \w+/)
      expect(failures).toBeLessThan(ENDLESS)
    } finally {
      Object.assign(proxy.faults, { refuse: false, silent: false, cutAfterBytes: null, garbleAfterBytes: null, trickle: false })
    }
  }
}

function spoil(proxy: FaultProxy, random: SeededRandom): void {
  const bytes = random.integer(0, random.pick([40, 400, 4000]))
  switch (random.pick(['Nothing', 'Refuse', 'Cut', 'Cut', 'CutNow', 'Garble', 'Garble', 'Trickle'] as const)) {
    case 'Nothing':
      return
    case 'Refuse':
      proxy.cut()
      proxy.faults.refuse = true
      return
    case 'Cut':
      proxy.faults.cutAfterBytes = bytes
      return
    case 'CutNow':
      return proxy.cut()
    case 'Garble':
      proxy.faults.garbleAfterBytes = bytes
      return
    case 'Trickle':
      proxy.faults.trickle = true
  }
}

function requestOf({ status }: OpenedRepository, wish: Pick<WriteRequest, 'runs'>): WriteRequest {
  return {
    status,
    owner: 'us',
    repository: REPOSITORY,
    cursors: cursorsWith(),
    versions: inForce('nightly-nordics', 'nightly-report'),
    cron: everyHour,
    nowMs: Date.parse('2026-11-20T02:00:00Z'),
    started: [],
    held: [],
    knownTip: null,
    ...wish,
  }
}

async function readText({ source }: OpenedRepository, commit: Awaited<ReturnType<OpenedRepository['source']['fetchTip']>>): Promise<string> {
  return Buffer.from((await source.filesAt(commit).read('data/file.txt')) ?? []).toString()
}
