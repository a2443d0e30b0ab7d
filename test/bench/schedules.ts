/**
 * `npm run bench:schedules [SCHEDULES] [MINUTES]`: the controller with so many schedules in one repository (default 10,000, each ticking
 * once an hour at a minute of its own), on a cluster and a git in memory and by the real clock. Prints the time from the start to the end
 * of the first look, how late ticks got their Run, the most timers that were set at once, and the memory.
 */
import type { Clock } from '../../src/clock.ts'
import { createSimulatedCluster } from '../../src/cluster/simulated/cluster.ts'
import { alwaysFollowed } from '../../src/context.ts'
import { createController } from '../../src/controller/controller.ts'
import { plainWriteSite } from '../../src/crash-points.ts'
import { createSimulatedGit } from '../../src/git/simulated.ts'
import { createSystemClock, createSystemRandom } from '../../src/system-clock.ts'
import { plainSettings } from '../support/plain-settings.ts'

const count = Number(process.argv[2] ?? '10000')
const minutes = Number(process.argv[3] ?? '3')

const system = createSystemClock()
let timers = 0
let mostTimers = 0
const clock: Clock = {
  now: () => system.now(),
  setTimer(atMs, fire) {
    mostTimers = Math.max(mostTimers, ++timers)
    let isOpen = true
    const close = (): void => {
      if (isOpen) timers--
      isOpen = false
    }
    const cancel = system.setTimer(atMs, () => {
      close()
      fire()
    })
    return () => {
      close()
      cancel()
    }
  },
}

function files(): Record<string, string> {
  const head = 'apiVersion: fusee.dev/v1alpha1\nkind: '
  const schedule = (index: number): string =>
    `${head}Schedule\nmetadata: {name: s${index}}\nspec: {workflow: job, cron: "H * * * *", timeZone: Europe/Helsinki, params: {index: "${index}"}}\n`
  const perFile = 100
  return {
    'workflows/job.yaml': `${head}Workflow\nmetadata: {name: job}\nspec:\n  params: {index: {}}\n  retention: {succeeded: 10}\n  steps: [{name: only, image: "busybox:1.36", script: echo}]\n`,
    ...Object.fromEntries(
      Array.from({ length: Math.ceil(count / perFile) }, (_, file) => [
        `workflows/schedules-${file}.yaml`,
        Array.from({ length: Math.min(perFile, count - file * perFile) }, (_unused, index) => schedule(file * perFile + index)).join('---\n'),
      ]),
    ),
  }
}

const git = createSimulatedGit({ now: () => clock.now() })
await git.pushCommit(files())
// Its own timers, of pods and of deadlines, are none of the controller's, and the deadlines, hours ahead, keep nobody waiting.
const clockOfCluster: Clock = {
  now: () => system.now(),
  setTimer(atMs, fire) {
    const timer = setTimeout(fire, Math.max(0, atMs - system.now())).unref()
    return () => clearTimeout(timer)
  },
}
const cluster = createSimulatedCluster({ clock: clockOfCluster, random: createSystemRandom() })
const lateMs: number[] = []
const startedMs = performance.now()
let readyMs = 0
const settings = { ...plainSettings('jobs'), maxParallelSteps: 1000 }
const controller = createController({
  clock,
  random: createSystemRandom(),
  writeSite: plainWriteSite,
  ...cluster,
  repositories: alwaysFollowed([{ settings, owner: 'bench', ...git.open() }]),
  report(event) {
    if (event.kind === 'LookEnded') readyMs = performance.now() - startedMs
    if (event.kind === 'ReconcileFailed') process.stderr.write(`${event.key}: ${String(event.error)}\n`)
    if (event.kind === 'RunCreated' && event.run.spec.trigger.kind === 'Schedule') lateMs.push(clock.now() - Date.parse(event.run.spec.trigger.tick))
  },
})
controller.start()
await new Promise((resolve) => setTimeout(resolve, minutes * 60_000))
await controller.drain()
lateMs.sort((one, other) => one - other)
const at = (share: number): string => `${Math.round(lateMs[Math.floor((lateMs.length - 1) * share)] ?? NaN)} ms`
process.stdout.write(
  [
    `${count} schedules: first look ended after ${Math.round(readyMs)} ms`,
    `${lateMs.length} ticks in ${minutes} minutes, late by ${at(0.5)} (median), ${at(0.99)} (p99), ${at(1)} (most)`,
    `at most ${mostTimers} timers at once, ${Math.round(process.memoryUsage().rss / 1e6)} MB resident`,
    '',
  ].join('\n'),
)
