import { describe, expect, it } from 'vitest'
import { FAULTS } from '../support/fake-api/fault-proxy.ts'
import { JOBS, PODS, RUNS } from '../support/fake-api/resources.ts'
import { createFaultyWorld, FOLLOWED, type FaultyWorld } from '../support/faulty-world.ts'
import { eventually } from '../support/local-cluster.ts'

/*
 * Exactly once on Kubernetes, whatever lies between the controller and the API server: connections cut before and after the server has
 * acted, delays, 409, 410, 429, 500, answers that break off; and controllers that die at any moment.
 */

const CHAIN = `apiVersion: fusee.dev/v1alpha1
kind: Workflow
metadata: {name: chain}
spec:
  triggers: {push: {commits: Each}}
  defaults: {image: "busybox:1.36"}
  steps:
    - {name: first, command: ["true"]}
    - {name: left, command: ["true"], dependsOn: [first]}
    - {name: right, command: ["false"], dependsOn: [first], allowFailure: true}
    - {name: last, command: ["true"], dependsOn: [left, {step: right, when: Failed}]}
  finally:
    - {name: tidy, command: ["true"]}
`
const PUSHES = 6
const LIVES = 4

describe('a controller behind a proxy that does harm', () => {
  it.concurrent.each(['one', 'two', 'three'])('runs every commit once, and records every run once: seed %s', { timeout: 120_000 }, async (seed) => {
    const world = await createFaultyWorld({ seed, rate: 0.12, longestMs: 30 }, (_pod, { command }) => ({
      runMs: 5,
      exitCode: command?.[0] === 'false' ? 1 : 0,
      log: 'done\n',
      termMs: 0,
    }))
    try {
      await world.git.pushCommit({ 'workflows/chain.yaml': CHAIN, 'notes.txt': '' })
      await firstLook(world)
      const commits = await pushThroughLives(world)
      world.proxy.heal()
      const last = await world.start()
      await eventually('all is recorded', () => isSettled(world, commits.length))
      await last.stop()
      expect(findViolations(world, commits, await recordsOf(world))).toEqual([])
      expect(FAULTS.filter((fault) => world.proxy.done[fault] > 0).length).toBeGreaterThan(3)
    } finally {
      await world.close()
    }
  })
})

/** What came before the first look starts nothing. */
async function firstLook(world: FaultyWorld): Promise<void> {
  const life = await world.start()
  await eventually('a first look', () => world.history.some(({ object }) => (object.status?.['lastCommit'] ?? '') !== ''))
  await life.stop()
}

/** Pushes while controllers come and die. */
async function pushThroughLives(world: FaultyWorld): Promise<string[]> {
  const commits: string[] = []
  for (let life = 0; life < LIVES; life++) {
    const { controller, kill } = await world.start()
    for (let push = 0; push < PUSHES / LIVES; push++) {
      commits.push(await world.git.pushCommit({ 'notes.txt': `${commits.length}\n` }))
      controller.askToLook(FOLLOWED)
      const before = world.history.length
      await eventually('the cluster has changed a little', () => world.history.length > before + 8 * life)
    }
    await kill()
  }
  return commits
}

function isSettled({ api }: FaultyWorld, runs: number): boolean {
  const all = api.store.list(RUNS)
  return all.length === runs && all.every(({ metadata }) => (metadata.finalizers ?? []).length === 0)
}

interface WrittenRecord {
  run: string
  commit: string
  result: string
  steps: { name: string; result: string; attempts: unknown[] }[]
}

async function recordsOf({ git }: FaultyWorld): Promise<WrittenRecord[]> {
  const files = await git.readFiles()
  return [...files].filter(([path]) => /\/\d\d\/chain-[^/]+\.json$/.test(path)).map(([, text]) => JSON.parse(text) as WrittenRecord)
}

/** What of the promise is broken, one sentence each. */
function findViolations({ history, api }: FaultyWorld, commits: readonly string[], records: readonly WrittenRecord[]): string[] {
  const found: string[] = []
  const made = (resource: typeof RUNS) => history.filter((event) => event.resource === resource && event.type === 'ADDED').map(({ object }) => object)
  const runs = made(RUNS)
  for (const commit of commits) {
    const ran = runs.filter(({ spec }) => spec?.['commit'] === commit)
    const recorded = records.filter((record) => record.commit === commit)
    if (ran.length !== 1) found.push(`${commit} has ${ran.length} runs`)
    if (recorded.length !== 1) found.push(`${commit} has ${recorded.length} records`)
  }
  for (const { run, result, steps } of records) {
    const ends = steps.map((step) => `${step.name} ${step.result} ${step.attempts.length}`).join(', ')
    const want = 'first Succeeded 1, left Succeeded 1, right Failed 1, last Succeeded 1, tidy Succeeded 1'
    if (result !== 'Succeeded' || ends !== want) found.push(`${run} ended ${result}: ${ends}`)
  }
  if (runs.length !== commits.length) found.push(`${runs.length} runs for ${commits.length} commits`)
  const jobs = made(JOBS).map(({ metadata }) => metadata.name)
  for (const job of new Set(jobs)) {
    const times = jobs.filter((one) => one === job).length
    if (times !== 1) found.push(`Job ${job} was made ${times} times`)
    const pods = made(PODS).filter(({ metadata }) => metadata.labels?.['batch.kubernetes.io/job-name'] === job)
    if (pods.length !== 1) found.push(`Job ${job} had ${pods.length} pods`)
  }
  if (new Set(jobs).size !== 5 * commits.length) found.push(`${new Set(jobs).size} Jobs for ${commits.length} runs`)
  const held = api.store.list(JOBS).filter(({ metadata }) => (metadata.finalizers ?? []).length > 0)
  return [...found, ...held.map(({ metadata }) => `Job ${metadata.name} is still held`)]
}
