import { createController } from '../../src/controller/controller.ts'
import { createDefinitionCache } from '../../src/definitions/definition-cache.ts'
import { simulate } from './simulate.ts'

/**
 * Runs seeds one after the other, for `simulation.test.ts` and by hand (bundled by `run.mjs`): `SEEDS=1000` how many,
 * `SEED=17` one alone with the end of its trace. Exits with 1 at the first seed in which the product breaks a promise.
 */
async function main(): Promise<void> {
  const only = process.env['SEED']
  const count = Number(process.env['SEEDS'] ?? '1000')
  const first = Number(process.env['FIRST'] ?? '1')
  const lines = Number(process.env['LINES'] ?? '60')
  const seeds = only === undefined ? Array.from({ length: count }, (_, index) => String(first + index)) : [only]
  const definitionCache = createDefinitionCache()
  const rules = new Map<string, string[]>()
  let runs = 0
  let steps = 0
  const slow: { seed: string; ms: number; steps: number }[] = []
  for (const seed of seeds) {
    const startedAt = performance.now()
    const result = await simulate(seed, createController, definitionCache)
    slow.push({ seed, ms: Math.round(performance.now() - startedAt), steps: result.steps })
    runs += result.runs
    steps += result.steps
    for (const { rule } of result.violations) rules.set(rule, [...(rules.get(rule) ?? []), seed])
    if (result.violations.length === 0 && only === undefined) continue
    const [violation] = result.violations
    console.log(`seed ${seed}: ${violation === undefined ? 'all well' : `${violation.rule}: ${violation.message}`} (trace ${result.digest})`)
    if (only !== undefined) console.log(result.tail(lines))
    if (violation !== undefined) process.exitCode = 1
    if (violation !== undefined && process.env['KEEP_GOING'] === undefined) break
  }
  console.log(`${seeds.length} seeds, ${runs} runs, ${steps} timers`)
  for (const [rule, of] of rules) console.log(rule, of.length, [...new Set(of)].slice(0, 10).join(' '))
  console.log(slow.toSorted((left, right) => right.ms - left.ms).slice(0, 5))
}

await main()
