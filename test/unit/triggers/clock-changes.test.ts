import { expect, it } from 'vitest'
import { createSeededRandom } from '../../../src/simulation/seeded-random.ts'
import { changeDays, disagreement, expressionOf } from './clock-changes.ts'

const ZONES = Intl.supportedValuesOf('timeZone')

/** All zones that change and all years: `node scripts/run.mjs check-clock-changes`. */
it('ticks around changes of the clock are those of somebody who watches it, in a few zones and years', () => {
  const random = createSeededRandom(process.env['SEED'] ?? String(Math.floor(Date.now() / 86_400_000)))
  const found: string[] = []
  for (let round = 0; round < 15; round++) {
    const timeZone = random.pick(ZONES)
    const year = random.integer(2000, 2040)
    const days = changeDays(timeZone, year, year)
    const dayMs = days.length > 0 ? random.pick(days) : Date.UTC(year, random.integer(0, 11), random.integer(1, 28))
    for (let count = 0; count < 4; count++) {
      const wrong = disagreement(
        expressionOf((below) => random.integer(0, below - 1)),
        timeZone,
        dayMs,
      )
      if (wrong !== null) found.push(wrong)
    }
  }
  expect(found).toEqual([])
})
