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

/** Points that one story passes in this order, again and again. A push comes before each: there is always something on its way. */
const STORIES: readonly (readonly CrashPoint[])[] = [
  ['owner-claimed', 'run-created', 'cursors-written', 'job-created', 'run-status-written'],
  ['job-stopped', 'job-released', 'records-pushed', 'run-recorded', 'review-proposed', 'run-swept'],
]

/** Nothing labels Runs of the local runner: the unit tests stop at it. */
const ELSEWHERE: readonly CrashPoint[] = ['job-relabelled']

it('has a story for every crash point', () => {
  expect([...STORIES.flat(), ...ELSEWHERE].toSorted()).toEqual(CRASH_POINTS.toSorted())
})

for (const transport of TRANSPORTS) {
  describe(`over a repository by ${transport}`, () => {
    for (const points of STORIES) {
      it.concurrent(`goes on when it was killed before and after ${points.join(', ')}`, () => dieAndGoOn(transport, 'a push and ticks', points))
    }
    // With a push these would be passed for the push first.
    it.concurrent('goes on when it was killed before and after run-created and cursors-written for a tick', () =>
      dieAndGoOn(transport, 'ticks alone', ['run-created', 'cursors-written']),
    )
  })
}

async function dieAndGoOn(transport: Transport, due: 'a push and ticks' | 'ticks alone', points: readonly CrashPoint[]): Promise<void> {
  const story = await createStory(transport)
  try {
    for (const point of points) {
      if (due === 'a push and ticks') await story.push()
      await dieAt(story, point, 'before')
      await dieAt(story, point, 'after')
      const open = (await story.objects()).runs.filter((run) => run.status?.recorded === undefined).length
      seen.push({ transport, due, point, 'open runs when killed': open })
    }
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
      point: 'the end',
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
