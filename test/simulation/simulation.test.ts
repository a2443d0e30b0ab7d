import { beforeAll, describe, expect, it } from 'vitest'
import { bundleSimulator, runSeeds, runSeedsInParallel, type SeedReport } from './run-seeds.ts'

/** How many seeds, from `FROM` on; `SEED=17` takes that one alone and shows all that happens in it. */
const COUNT = Number(process.env['SEEDS'] ?? '1000')
const FROM = Number(process.env['FROM'] ?? '1')
const ONLY = process.env['SEED']
const LONGEST_MS = 1_800_000

let program = ''

beforeAll(async () => {
  program = await bundleSimulator({ sourceMaps: ONLY !== undefined })
})

if (ONLY === undefined) {
  describe('the controller in simulated worlds', () => {
    it(
      `keeps its promises through crashes, faults and outages of ${COUNT} seeds`,
      async () => {
        const report = await runSeedsInParallel(program, FROM, COUNT)
        expect(report.failures.map(explain).join('\n\n')).toBe('')
        expect(report.seeds).toBe(COUNT)
        // Scenarios in which nothing happens would keep any promise.
        expect(report.runs).toBeGreaterThan(2 * COUNT)
      },
      LONGEST_MS,
    )

    it('replays a seed exactly, alone or after others', { timeout: LONGEST_MS }, async () => {
      const [together, again, alone] = await Promise.all([runSeeds(program, 1, 12, true), runSeeds(program, 7, 6, true), runSeeds(program, 12, 1)])
      expect(again.digests).toEqual(together.digests.slice(6))
      expect(alone.digests).toEqual([together.digests[11]])
      expect(new Set(together.digests).size).toBe(12)
    })
  })
} else {
  it(`keeps its promises through seed ${ONLY}`, async () => {
    const { failures } = await runSeeds(program, Number(ONLY), 1)
    for (const { tail } of failures) process.stdout.write(`${tail}\n`)
    expect(failures.flatMap(({ violations }) => violations)).toEqual([])
  })
}

function explain({ seed, violations, digest, tail }: SeedReport['failures'][number]): string {
  const broken = violations.slice(0, 5).map(({ rule, message, atMs }) => `${new Date(atMs).toISOString()} ${rule}: ${message}`)
  return [`seed ${seed} (trace ${digest}): replay with SEED=${seed} npx vitest run test/simulation/simulation.test.ts`, ...broken, '', tail].join(
    '\n',
  )
}
