import { afterAll, describe, expect, it, vi } from 'vitest'
import type { SeededRandom } from '../../src/simulation/seeded-random.ts'
import { createSeededRandom } from '../../src/simulation/seeded-random.ts'
import type { FuseeProcess } from '../support/fusee-process.ts'
import type { Story, Transport } from '../support/story.ts'
import { createStory } from '../support/story.ts'

/*
 * Exactly once, on real processes that are killed at random moments of one long story with many pushes. FUSEE_TEST_SEED chooses the
 * moments (the machine's speed decides what they hit), FUSEE_TEST_KILLS how many there are in each story; with FUSEE_TEST_TABLE=1
 * what was hit is printed.
 */

vi.setConfig({ testTimeout: 1_200_000 })

const SEED = process.env.FUSEE_TEST_SEED ?? String(Date.now() % 1_000_000)
const KILLS = Number(process.env.FUSEE_TEST_KILLS ?? 25)
const TRANSPORTS: readonly Transport[] = ['local folder', 'http']

const seen: Record<string, string | number>[] = []

afterAll(() => {
  console.log(`random kills: FUSEE_TEST_SEED=${SEED}`)
  if (process.env.FUSEE_TEST_TABLE !== undefined) console.table(seen)
})

describe('over one long story', () => {
  for (const transport of TRANSPORTS) {
    it.concurrent(`outlives ${KILLS} random kills by ${transport}`, async () => {
      const random = createSeededRandom(`${SEED}/${transport}`)
      const story = await createStory(transport)
      try {
        for (let kill = 1; kill <= KILLS; kill++) {
          const { moment, lastLine } = await liveAndDie(story, random)
          const open = (await story.objects()).runs.filter((run) => run.status?.recorded === undefined).length
          seen.push({ transport, kill, moment, 'last line': lastLine, 'open runs': open })
        }
        await story.push()
        await story.settle()
        const { world, violations } = await story.judge()
        seen.push({ transport, moment: 'the end', records: world.records.length, commits: world.log.length, steps: world.evidence.length })
        expect(violations, `FUSEE_TEST_SEED=${SEED}`).toEqual([])
      } finally {
        await story.close()
      }
    })
  }
})

/** One life: sometimes a push before it or in it, always an end by force. */
async function liveAndDie(story: Story, random: SeededRandom): Promise<{ moment: string; lastLine: string }> {
  if (random.chance(0.3)) await story.push(random.integer(1, 2))
  const fusee = story.start()
  const pushes = random.chance(0.3)
  const moment = random.chance(0.2) ? await duringStart(random) : await afterLook(fusee, random, () => (pushes ? story.push() : null))
  fusee.kill('SIGKILL')
  expect(await fusee.ended).toEqual({ code: null, signal: 'SIGKILL' })
  return { moment, lastLine: fusee.lines.at(-1)?.msg ?? '' }
}

async function duringStart(random: SeededRandom): Promise<string> {
  const ms = random.integer(0, 600)
  await pass(ms)
  return `${ms}ms after its start`
}

/** A number of log lines after the first look, and then some time: so it is hit at work, however fast the machine is. */
async function afterLook(fusee: FuseeProcess, random: SeededRandom, push: () => unknown): Promise<string> {
  const [count, ms] = [random.integer(0, 15), random.integer(0, random.pick([5, 50, 500]))]
  await fusee.waitForLine('a look', ({ msg }) => msg === 'definitions in force')
  await push()
  const before = fusee.lines.length
  await Promise.race([fusee.waitForLine('some lines', () => fusee.lines.length >= before + count), pass(1500)])
  await pass(ms)
  return `${ms}ms after ${fusee.lines.length - before} lines`
}

function pass(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
