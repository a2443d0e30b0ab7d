import { expect, it } from 'vitest'
import { createSimulatedCluster } from '../../../src/cluster/simulated/cluster.ts'
import type { FollowedRepository } from '../../../src/context.ts'
import { alwaysFollowed } from '../../../src/context.ts'
import { createController } from '../../../src/controller/controller.ts'
import { plainWriteSite } from '../../../src/crash-points.ts'
import { createSimulatedGit } from '../../../src/git/simulated.ts'
import { createSeededRandom } from '../../../src/simulation/seeded-random.ts'
import { createVirtualClock } from '../../../src/simulation/virtual-clock.ts'
import { workflowFile } from '../../support/virtual-world.ts'
import { plainSettings } from '../../support/plain-settings.ts'

const MINUTE = 60_000

it('a hundred repositories begin one after the other, and are then looked at evenly over their interval', async () => {
  const clock = createVirtualClock(Date.parse('2026-11-20T00:00:00Z'))
  const random = createSeededRandom('many')
  const lookedAtMs: number[] = []
  const repositories = await Promise.all(
    Array.from({ length: 100 }, async (_, index): Promise<FollowedRepository> => {
      const git = createSimulatedGit({ now: () => clock.now() })
      await git.pushCommit(workflowFile('beat', 'triggers: {push: {}}'), 'first')
      const { source, status } = git.open()
      const settings = plainSettings(`jobs-${index}`)
      const fetchTip: typeof source.fetchTip = (signal) => {
        lookedAtMs.push(clock.now())
        return source.fetchTip(signal)
      }
      return { settings, owner: 'test', source: { ...source, fetchTip }, status }
    }),
  )
  const controller = createController({
    clock,
    random,
    writeSite: plainWriteSite,
    ...createSimulatedCluster({ clock, random }),
    repositories: alwaysFollowed(repositories),
    report: () => undefined,
  })
  const startMs = clock.now()
  controller.start()
  await clock.runUntil(startMs + 30 * MINUTE)
  await controller.drain()

  const mostInASecond = (times: readonly number[]): number => {
    const perSecond = new Map<number, number>()
    for (const ms of times) perSecond.set(Math.floor(ms / 1000), (perSecond.get(Math.floor(ms / 1000)) ?? 0) + 1)
    return Math.max(...perSecond.values())
  }
  // At first the branch is asked for by the claim and by the look.
  const first = lookedAtMs.filter((ms) => ms <= startMs + 5000)
  expect(first.length).toBeGreaterThanOrEqual(200)
  expect(mostInASecond(first)).toBeLessThan(50)
  const later = lookedAtMs.filter((ms) => ms > startMs + 60_000)
  // 100 a minute are 1.7 a second.
  expect(later.length).toBeGreaterThan(2800)
  expect(mostInASecond(later)).toBeLessThanOrEqual(8)
})
