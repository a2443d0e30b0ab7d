/**
 * `node scripts/run.mjs check-clock-changes [EXPRESSIONS]`: ticks against the oracle around every change of the clock of every zone, 2000 to
 * 2040, with so many random expressions each (default 3).
 */
import { createSeededRandom } from '../src/simulation/seeded-random.ts'
import { changingZones, disagreement, expressionOf } from '../test/unit/triggers/clock-changes.ts'

const expressions = Number(process.argv[2] ?? '3')
const zones = changingZones(2000, 2040)
let compared = 0
let wrong = 0
for (const { timeZone, days } of zones) {
  const random = createSeededRandom(timeZone)
  for (const dayMs of days) {
    for (let count = 0; count < expressions; count++) {
      const found = disagreement(
        expressionOf((below) => random.integer(0, below - 1)),
        timeZone,
        dayMs,
      )
      compared++
      if (found === null) continue
      wrong++
      if (wrong <= 20) process.stdout.write(`${found}\n`)
    }
  }
}
const changes = zones.reduce((sum, { days }) => sum + days.length, 0)
process.stdout.write(`${zones.length} zones, ${changes} changes, ${compared} comparisons, ${wrong} disagreements\n`)
if (wrong > 0) process.exitCode = 1
