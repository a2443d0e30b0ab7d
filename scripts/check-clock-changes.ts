/**
 * `node scripts/run.mjs check-clock-changes [EXPRESSIONS] [PART/PARTS]`: ticks against the oracle around every change of the clock of every zone, 2000 to
 * 2040, with so many random expressions each (default 3); of every so many zones only one, as in 2/8, when it must not take long.
 */
import { createSeededRandom } from '../src/simulation/seeded-random.ts'
import { changingZones, disagreements, expressionOf } from '../test/unit/triggers/clock-changes.ts'

const expressions = Number(process.argv[2] ?? '3')
const [part = 1, parts = 1] = (process.argv[3] ?? '1/1').split('/').map(Number)
const own = Intl.supportedValuesOf('timeZone').filter((_zone, index) => index % parts === part % parts)
const zones = changingZones(2000, 2040, own)
let compared = 0
let wrong = 0
for (const { timeZone, days } of zones) {
  const random = createSeededRandom(timeZone)
  for (const dayMs of days) {
    const crons = Array.from({ length: expressions }, () => expressionOf((below) => random.integer(0, below - 1)))
    const found = disagreements(crons, timeZone, dayMs)
    compared += crons.length
    for (const one of found.slice(0, Math.max(0, 20 - wrong))) process.stdout.write(`${one}\n`)
    wrong += found.length
  }
}
const changes = zones.reduce((sum, { days }) => sum + days.length, 0)
process.stdout.write(`${zones.length} zones, ${changes} changes, ${compared} comparisons, ${wrong} disagreements\n`)
if (wrong > 0) process.exitCode = 1
