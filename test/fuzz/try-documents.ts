import { createDefinitionCache } from '../../src/definitions/definition-cache.ts'
import { loadDefinitions } from '../../src/definitions/load-definitions.ts'
import { ASSUMED_POLICY } from '../../src/definitions/policy/policy.ts'
import type { Definitions } from '../../src/definitions/workflow.ts'
import { planChange } from '../../src/plan/plan-change.ts'
import { describePlan, printPlan } from '../../src/plan/print-plan.ts'
import { createSeededRandom } from '../../src/simulation/seeded-random.ts'
import { createInMemoryFiles } from '../unit/definitions/in-memory-files.ts'
import { compareReadings } from './compare-readings.ts'
import { mutate, readSeeds } from './documents.ts'

/** What trying many documents has shown. */
export interface Tried {
  documents: number
  /** How many of the repositories had no error. */
  valid: number
  diagnostics: number
  /** How many documents were read in the quick way; each of these was the same in the careful one. */
  quick: number
  /** The most CPU that one took. */
  slowestMs: number
  /** Index of that one. */
  slowest: number
}

/** Runs `count` mutated repositories of three files through parse, validate and plan. Equal seeds try equal documents. Throws what they throw, with the index. */
export async function tryDocuments(seed: string, from: number, count: number, tell: (index: number) => void = () => undefined): Promise<Tried> {
  const seeds = readSeeds()
  const cache = createDefinitionCache(100)
  const load = (content: Record<string, string>): Promise<Definitions> =>
    loadDefinitions(createInMemoryFiles(content), { path: 'workflows', cache, policy: ASSUMED_POLICY })
  const before = await load({ 'workflows/a.yaml': seeds.at(-2) ?? '', 'workflows/t.yaml': seeds.at(-1) ?? '' })
  const tried: Tried = { documents: 0, valid: 0, diagnostics: 0, quick: 0, slowestMs: 0, slowest: from }
  for (let index = from; index < from + count; index++) {
    tell(index)
    const random = createSeededRandom(`${seed}/${index}`)
    const content = { 'workflows/a.yaml': mutate(seeds, random), 'workflows/b.yaml': mutate(seeds, random), 'jobs/j.yaml': mutate(seeds, random) }
    const start = process.cpuUsage()
    try {
      const after = await load(content)
      const plan = planChange({
        before,
        after,
        changedPaths: Object.keys(content),
        branch: 'main',
        message: '',
        repository: 'default/fuzz',
        nowMs: 1_800_000_000_000,
      })
      printPlan(plan)
      JSON.stringify(describePlan(plan))
      tried.diagnostics += after.diagnostics.length
      if (after.diagnostics.every(({ severity }) => severity !== 'error')) tried.valid++
    } catch (error) {
      throw new Error(`document ${index} of seed ${seed}`, { cause: error })
    }
    const used = process.cpuUsage(start)
    const ms = (used.user + used.system) / 1000
    for (const text of Object.values(content)) {
      const comparison = compareReadings(text)
      if (comparison.kind === 'Different') throw new Error(`document ${index} of seed ${seed} is read differently: ${JSON.stringify(text)}`)
      if (comparison.kind === 'Same') tried.quick++
    }
    if (ms > tried.slowestMs) [tried.slowestMs, tried.slowest] = [ms, index]
    tried.documents += Object.keys(content).length
  }
  return tried
}
