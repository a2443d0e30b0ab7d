/**
 * `npm run bench:repositories [REPOSITORIES] [MINUTES]`: a controller that follows so many repositories (default 100) over http, each looked at once a
 * minute, with nothing new in them, on a cluster in memory. The server is a process of its own. Prints how long the first looks take (on one machine mostly the server's time), how evenly the
 * later ones are spread, and what processor time and memory all of it takes.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { createSimulatedCluster } from '../../src/cluster/simulated/cluster.ts'
import type { FollowedRepository } from '../../src/context.ts'
import { alwaysFollowed } from '../../src/context.ts'
import { createController } from '../../src/controller/controller.ts'
import { plainWriteSite } from '../../src/crash-points.ts'
import type { OpenedRepository } from '../../src/git/open.ts'
import { openRepository } from '../../src/git/open.ts'
import { createSystemClock, createSystemRandom } from '../../src/system-clock.ts'
import { startGitHttpServer } from '../support/git-http-server.ts'
import { importCommits, runGit } from '../support/git-program.ts'
import { plainSettings } from '../support/plain-settings.ts'
import { removeFolder } from '../support/remove-folder.ts'

const [first = '100', second = '3'] = process.argv.slice(2)
if (first === 'serve') {
  const { url } = await startGitHttpServer({ root: second })
  process.stdout.write(`${url}\n`)
} else await bench(Number(first), Number(second))

async function bench(count: number, minutes: number): Promise<void> {
  const root = await mkdtemp(path.join(tmpdir(), 'fusee-bench-'))
  const server = spawn(process.execPath, [process.argv[1] ?? '', 'serve', path.join(root, 'remotes')], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const [url] = (await once(createInterface(server.stdout), 'line')) as [string]
    await createRemotes(path.join(root, 'remotes'), count)
    await follow({ url, count, minutes, data: path.join(root, 'data') })
  } finally {
    await end(server)
    await removeFolder(root)
  }
}

async function end(child: ChildProcess): Promise<void> {
  const ended = once(child, 'close')
  child.kill()
  await ended
}

async function createRemotes(folder: string, count: number): Promise<void> {
  const template = path.join(folder, 'jobs-0.git')
  await runGit('/', ['init', '--quiet', '--bare', '--initial-branch=main', template])
  await runGit(template, ['config', 'http.receivepack', 'true'])
  await runGit(template, ['config', 'uploadpack.allowFilter', 'true'])
  const workflow = (name: string): string =>
    `apiVersion: fusee.dev/v1alpha1\nkind: Workflow\nmetadata: {name: ${name}}\nspec:\n  triggers: {push: {}}\n  steps: [{name: only, image: "busybox:1.36", script: echo}]\n`
  const files = Array.from({ length: 10 }, (_, index) => [`workflows/w${index}.yaml`, workflow(`w${index}`)] as const)
  await importCommits(template, [Object.fromEntries(files)])
  for (let index = 1; index < count; index++) await cp(template, path.join(folder, `jobs-${index}.git`), { recursive: true })
}

async function follow({ url, count, minutes, data }: { url: string; count: number; minutes: number; data: string }): Promise<void> {
  const lookedAtMs: number[] = []
  const opened: OpenedRepository[] = []
  const repositories: FollowedRepository[] = []
  for (let index = 0; index < count; index++) {
    const name = `jobs-${index}`
    const git = await openRepository({ url: `${url}/${name}.git`, branch: 'main', statusBranch: 'fusee/status', dataFolder: path.join(data, name) })
    opened.push(git)
    const settings = plainSettings(name, git.url)
    const { source, status } = git
    const fetchTip: typeof source.fetchTip = (signal) => {
      lookedAtMs.push(performance.now())
      return source.fetchTip(signal)
    }
    repositories.push({ settings, owner: 'bench', source: { ...source, branch: 'main', fetchTip }, status })
  }
  let ended = 0
  let failures = 0
  let drain = (): Promise<void> => Promise.resolve()
  const [clock, random] = [createSystemClock(), createSystemRandom()]
  const startMs = performance.now()
  const cpuAtStart = process.cpuUsage()
  const ready = new Promise<number>((resolve) => {
    const controller = createController({
      clock,
      random,
      writeSite: plainWriteSite,
      ...createSimulatedCluster({ clock, random }),
      repositories: alwaysFollowed(repositories),
      report(event) {
        if (event.kind === 'LookFailed' || event.kind === 'ReconcileFailed') failures++
        if (event.kind === 'LookEnded' && ++ended === count) resolve(performance.now() - startMs)
      },
    })
    drain = () => controller.drain()
    controller.start()
  })
  const readyMs = await ready
  const cpuAtFirst = process.cpuUsage()
  const firstCpu = process.cpuUsage(cpuAtStart)
  // The second look follows within the interval; it is spread already.
  const settledMs = performance.now() + 1000
  await new Promise((resolve) => setTimeout(resolve, minutes * 60_000))
  const cpu = process.cpuUsage(cpuAtFirst)
  const memory = process.memoryUsage().rss
  await drain()
  await Promise.all(opened.map((git) => git.close()))

  const perSecond = new Map<number, number>()
  const later = lookedAtMs.filter((ms) => ms > settledMs)
  for (const ms of later) perSecond.set(Math.floor(ms / 1000), (perSecond.get(Math.floor(ms / 1000)) ?? 0) + 1)
  process.stdout.write(
    [
      `${count} repositories: first looks ended after ${Math.round(readyMs)} ms, ${((firstCpu.user + firstCpu.system) / 1e6).toFixed(1)} s of a processor here, ${failures} failed`,
      `${later.length} looks in ${minutes} minutes: ${(later.length / minutes / 60).toFixed(1)} a second, at most ${Math.max(...perSecond.values())} in one`,
      `${((cpu.user + cpu.system) / 1000 / minutes / 600).toFixed(1)} % of a processor, ${Math.round(memory / 1e6)} MB resident`,
      '',
    ].join('\n'),
  )
}
