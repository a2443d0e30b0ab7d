import { describe, expect, it } from 'vitest'
import { CRASH_POINTS } from '../../src/crash-points.ts'
import { openClusterStory } from '../support/cluster-story.ts'
import { until } from '../support/fusee-process.ts'

/*
 * Exactly once on a real cluster: the controller is killed before and after each of its writes, and another goes on. Every commit has one run
 * and one record, every step one Job and one Pod.
 */

/** A namespace of its own for each, side by side; the branch is claimed before anything can run. */
const STORIES = [0, 1, 2].map((story) => CRASH_POINTS.filter((_, index) => index % 3 === story))

describe('exactly once on a real cluster', () => {
  it.concurrent.each(STORIES)('goes on from before and after %s, %s, %s, %s', { timeout: 300_000 }, async (...points) => {
    const story = await openClusterStory()
    try {
      for (const side of points.includes('owner-claimed') ? ['before', 'after'] : []) {
        await story.serve({ FUSEE_CRASH_AT: `owner-claimed:${side}` }).ended
        await story.forgetLeader()
      }
      const first = story.serve()
      await first.waitForLine('a first look', ({ msg }) => msg === 'definitions in force')
      await first.stop()
      for (const point of points.filter((one) => one !== 'owner-claimed')) {
        await story.push()
        for (const side of ['before', 'after']) {
          const dying = story.serve({ FUSEE_CRASH_AT: `${point}:${side}` })
          await until(`${point} ${side}`, async () => {
            if (!story.running.has(dying)) return true
            if (point === 'job-relabelled') await story.relabel()
            // What the first was killed before may have been the only one of its kind.
            if (side === 'after' && (await story.isRecorded())) dying.kill('SIGKILL')
            return false
          })
          await story.forgetLeader()
        }
      }
      const last = story.serve()
      await story.settle(last)
      await last.stop()
      expect(await story.findViolations()).toEqual([])
    } finally {
      await story.close()
    }
  })
})
