import { createController } from '../../src/controller/controller.ts'
import { createSchemaCheck } from '../../src/definitions/schema/validators.ts'
import type { SeedReport } from './run-seeds.ts'
import { simulate } from './simulate.ts'

/** Lines of the trace that a failure shows. */
const TAIL_LINES = 60

/**
 * A process that lives through seeds: `FIRST COUNT KEEP` as arguments, one JSON line for each seed that broke a promise
 * (for a single seed always), one for the whole. Without KEEP it stops at the first.
 */
async function main([first = '1', count = '1', keep]: string[]): Promise<void> {
  const schemaCheck = createSchemaCheck()
  const report: SeedReport = { seeds: 0, runs: 0, timers: 0, digests: [], failures: [] }
  for (let seed = Number(first); seed < Number(first) + Number(count); seed++) {
    const result = await simulate(String(seed), createController, schemaCheck)
    report.seeds++
    report.runs += result.runs
    report.timers += result.timers
    report.digests.push(result.digest)
    const { violations, digest } = result
    const isAlone = count === '1'
    if (violations.length > 0) report.failures.push({ seed, violations, digest, tail: result.tail(isAlone ? Infinity : TAIL_LINES) })
    else if (isAlone) report.failures.push({ seed, violations, digest, tail: result.tail(Infinity) })
    if (violations.length > 0 && keep === undefined) break
  }
  process.stdout.write(`${JSON.stringify(report)}\n`)
}

await main(process.argv.slice(2))
