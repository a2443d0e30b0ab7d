import type { DefinitionCache } from '../../src/definitions/definition-cache.ts'
import { checkRecord, checkTickFiles } from './oracle/records.ts'
import { checkResults } from './oracle/results.ts'
import { checkCalmTicks } from './oracle/ticks.ts'
import { drawScenario, ECHO_MS } from './scenario.ts'
import type { CreateController } from './lives.ts'
import { createWorld, type Violation, type World } from './world.ts'

/** What came of one seed. */
export interface Simulation {
  seed: string
  violations: Violation[]
  /** Equal for equal seeds: a failure replays exactly. */
  digest: string
  /** The end of what happened, for people. */
  tail(lines: number): string
  runs: number
  steps: number
}

/** Everything that is open must come to its end within this, in ms of virtual time. */
const LONGEST_REST_MS = 6 * 3_600_000
/** More timers than any scenario needs: something turns without getting on. */
const MOST_STEPS = 200_000

/** Lives through one seed, in virtual time. Simulations may share the cache. */
export async function simulate(seed: string, createController: CreateController, definitionCache: DefinitionCache): Promise<Simulation> {
  const scenario = drawScenario(seed)
  const world = await createWorld(scenario, createController, definitionCache)
  let steps = 0
  const isStuck = (): boolean => ++steps > MOST_STEPS
  world.begin()
  await world.clock.runUntil(scenario.troubleUntilMs, isStuck)
  world.calmDown()
  await world.clock.runUntil(scenario.endMs, isStuck)
  if (scenario.isClockTrue) checkCalmTicks(world.judged, scenario.troubleUntilMs + ECHO_MS, scenario.endMs - 30_000)
  await world.author.pushNothing()
  await world.clock.runUntil(scenario.endMs + LONGEST_REST_MS, () => isStuck() || world.isAtRest())
  judgeEnd(world, steps)
  return {
    seed,
    violations: world.violations,
    digest: world.trace.digest(),
    tail: (lines) => world.trace.tail(lines),
    runs: world.facts.runs.size,
    steps,
  }
}

function judgeEnd(world: World, steps: number): void {
  const { judged } = world
  if (steps > MOST_STEPS) judged.complain('turns', `more than ${MOST_STEPS} timers have fired; open: ${world.describeOpen()}`)
  else if (!world.isAtRest()) judged.complain('no-rest', `after ${LONGEST_REST_MS / 3_600_000} hours in calm there are open: ${world.describeOpen()}`)
  checkTickFiles(judged)
  for (const run of world.facts.runs.values()) {
    if (run.finishedAtMs === null) continue
    checkResults(judged, run)
    checkRecord(judged, run)
  }
}
