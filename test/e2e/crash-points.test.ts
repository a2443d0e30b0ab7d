import { afterAll, describe, expect, it, vi } from 'vitest'
import type { CrashPoint } from '../../src/crash-points.ts'
import { CRASH_POINTS } from '../../src/crash-points.ts'
import type { Story, Transport } from '../support/story.ts'
import { createStory } from '../support/story.ts'

/*
 * Exactly once, on a real process: it is killed at each of its writes, before and after, and another goes on. Nothing that a
 * push or a tick starts may be missing, nothing may happen twice. With FUSEE_TEST_TABLE=1 what was seen is printed.
 */

// Most of a story's time is waiting for the intervals of looks and of records.
vi.setConfig({ maxConcurrency: 6, testTimeout: 1_200_000 })

const TRANSPORTS: readonly Transport[] = ['local folder', 'http']

const seen: Record<string, string | number>[] = []

afterAll(() => {
  if (process.env.FUSEE_TEST_TABLE !== undefined) console.table(seen)
})

for (const transport of TRANSPORTS) {
  describe(`over a repository by ${transport}`, () => {
    for (const point of CRASH_POINTS) {
      it.concurrent(`goes on when it was killed before and after ${point}`, () => dieAndGoOn(transport, 'a push and ticks', point))
    }
    // With a push these would be passed for the push first.
    for (const point of ['run-created', 'cursors-written'] as const) {
      it.concurrent(`goes on when it was killed before and after ${point} for a tick`, () => dieAndGoOn(transport, 'ticks alone', point))
    }
  })
}

async function dieAndGoOn(transport: Transport, due: 'a push and ticks' | 'ticks alone', point: CrashPoint): Promise<void> {
  const story = await createStory(transport)
  try {
    if (due === 'a push and ticks') await story.push()
    await dieAt(story, point, 'before')
    await dieAt(story, point, 'after')
    const startedAtMs = performance.now()
    const last = story.start()
    await last.waitForLine('a look', ({ msg }) => msg === 'definitions in force')
    const lookMs = performance.now() - startedAtMs
    const tip = await story.push()
    await last.waitForLine('the next push', ({ msg, commit }) => msg === 'run created' && commit === tip)
    await story.settle()
    const settledMs = performance.now() - startedAtMs
    const { world, violations } = await story.judge()
    seen.push({
      transport,
      due,
      point,
      records: world.records.length,
      'history commits': world.log.length,
      'steps begun': world.evidence.filter(({ what }) => what === 'start').length,
      'ms to look': Math.round(lookMs),
      'ms to settle': Math.round(settledMs),
    })
    expect(violations).toEqual([])
  } finally {
    await story.close()
  }
}

/** The second process passes the point too: what the first was killed before is still to be done. */
async function dieAt(story: Story, point: CrashPoint, side: 'before' | 'after'): Promise<void> {
  const killed = story.start({ FUSEE_CRASH_AT: `${point}:${side}` })
  expect(await killed.ended, `${point} was never passed:\n${killed.stderr()}`).toEqual({ code: null, signal: 'SIGKILL' })
}
