import { afterEach, describe, expect, it } from 'vitest'
import type { RunCluster } from '../../../src/cluster/ports.ts'
import { createSimulatedCluster } from '../../../src/cluster/simulated/cluster.ts'
import type { FollowedRepositories, FollowedRepository } from '../../../src/context.ts'
import type { Controller } from '../../../src/controller/controller.ts'
import { createController } from '../../../src/controller/controller.ts'
import type { ControllerEvent } from '../../../src/controller/events.ts'
import { plainWriteSite } from '../../../src/crash-points.ts'
import { statePolicy } from '../../../src/definitions/policy/policy.ts'
import { createSimulatedGit } from '../../../src/git/simulated.ts'
import { createSystemClock, createSystemRandom } from '../../../src/system-clock.ts'

const WORKFLOW =
  'apiVersion: fusee.dev/v1alpha1\nkind: Workflow\nmetadata: {name: hello}\nspec:\n  steps: [{name: a, image: "busybox:1.36", script: "true"}]\n'

/** Repositories that a test adds, replaces and takes away. */
function changingRepositories(): FollowedRepositories & { set(repositories: FollowedRepository[]): void } {
  const listeners = new Set<() => void>()
  let now: FollowedRepository[] = []
  return {
    current: () => now,
    isSettled: () => true,
    exists: (key) => now.some(({ settings: { ref } }) => `${ref.namespace}/${ref.name}` === key),
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    set(repositories) {
      now = repositories
      for (const listener of listeners) listener()
    },
  }
}

async function aRepository(name: string, looks: string[] = []): Promise<FollowedRepository> {
  const git = createSimulatedGit({ now: () => Date.now() })
  await git.pushCommit({ 'workflows/hello.yaml': WORKFLOW })
  const { source, status } = git.open()
  const settings = { ref: { namespace: 'data', name }, url: name, path: 'workflows', intervalSeconds: 3600, historyIntervalSeconds: 10 }
  return {
    settings: { ...settings, suspend: false, vars: {}, maxParallelSteps: 50, policy: statePolicy({}, 'data', { serviceAccounts: [], secrets: [] }) },
    source: { ...source, fetchTip: (signal) => (looks.push(name), source.fetchTip(signal)) },
    status,
    owner: `owner/${name}`,
  }
}

describe('Repositories that come and go', () => {
  let controller: Controller

  function start(repositories: FollowedRepositories, events: ControllerEvent[]): RunCluster {
    const clock = createSystemClock()
    const random = createSystemRandom()
    const { runs, jobs } = createSimulatedCluster({ clock, random })
    const report = (event: ControllerEvent): number => events.push(event)
    controller = createController({ clock, random, report, writeSite: plainWriteSite, runs, jobs, repositories })
    controller.start()
    return runs
  }

  const looked = (events: ControllerEvent[]): string[] => events.flatMap((event) => (event.kind === 'LookEnded' ? [event.repository] : []))

  afterEach(() => controller.drain())

  it('is ready with none, and follows one that appears', async () => {
    const repositories = changingRepositories()
    const events: ControllerEvent[] = []
    start(repositories, events)
    expect(controller.isReady()).toBe(true)
    repositories.set([await aRepository('first')])
    expect(controller.isReady()).toBe(false)
    await expect.poll(() => looked(events)).toEqual(['data/first'])
    expect(controller.isReady()).toBe(true)
    repositories.set([...repositories.current(), await aRepository('second')])
    await expect.poll(() => looked(events)).toEqual(['data/first', 'data/second'])
  })

  it('begins again with one that is followed in another way, and leaves the others alone', async () => {
    const repositories = changingRepositories()
    const events: ControllerEvent[] = []
    const [first, other] = [await aRepository('first'), await aRepository('other')]
    repositories.set([first, other])
    start(repositories, events)
    await expect.poll(() => looked(events).sort()).toEqual(['data/first', 'data/other'])
    repositories.set([{ ...first, settings: { ...first.settings, suspend: true } }, other])
    await expect.poll(() => looked(events).sort()).toEqual(['data/first', 'data/first', 'data/other'])
  })

  it('follows one that could not be opened again as it was, and does not call it Ready', async () => {
    const repositories = changingRepositories()
    const first = await aRepository('first')
    repositories.set([{ ...first, settings: { ...first.settings, trouble: 'no Secret git' } }])
    const runs = start(repositories, [])
    const ready = async () => (await runs.readCursors(first.settings.ref))?.conditions.find(({ type }) => type === 'Ready')
    await expect.poll(ready).toMatchObject({ status: 'False', reason: 'CannotBeOpened', message: 'no Secret git' })
    repositories.set([first])
    await expect.poll(ready).toMatchObject({ status: 'True', reason: 'Followed' })
  })

  it('does nothing more for one that is gone', async () => {
    const looks: string[] = []
    const repositories = changingRepositories()
    const events: ControllerEvent[] = []
    repositories.set([await aRepository('first', looks), await aRepository('other', looks)])
    start(repositories, events)
    await expect.poll(() => looked(events).sort()).toEqual(['data/first', 'data/other'])
    repositories.set(repositories.current().slice(1))
    looks.length = 0
    controller.askToLook({ namespace: 'data', name: 'first' })
    controller.askToLook({ namespace: 'data', name: 'other' })
    await expect.poll(() => looks).toEqual(['other'])
  })

  it('says nothing of what was cut short', async () => {
    const repositories = changingRepositories()
    const events: ControllerEvent[] = []
    const hanging = await aRepository('first')
    let isAsked = false
    hanging.source.fetchTip = (signal) =>
      new Promise((_resolve, reject) => {
        isAsked = true
        signal?.addEventListener('abort', () => reject(new Error('cut short')))
      })
    repositories.set([hanging])
    start(repositories, events)
    await expect.poll(() => isAsked).toBe(true)
    repositories.set([])
    await controller.drain()
    expect(events.filter((event) => event.kind === 'ReconcileFailed')).toEqual([])
  })
})
