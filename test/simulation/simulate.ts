import type { SchemaCheck } from '../../src/definitions/schema/validators.ts'
import { checkLostTicks } from './oracle/loss.ts'
import { checkRecord, checkRefill, checkTickFiles } from './oracle/records.ts'
import { checkResults, checkTimeouts } from './oracle/results.ts'
import { checkCalmTicks } from './oracle/ticks.ts'
import { checkVerified } from './oracle/verified.ts'
import { drawScenario, ECHO_MS, type Scenario } from './scenario.ts'
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
  timers: number
}

/** Everything that is open must come to its end within this, in ms of virtual time. */
const LONGEST_REST_MS = 6 * 3_600_000
/** More timers than any scenario needs: something turns without getting on. */
const MOST_TIMERS = 200_000

/** Lives through one seed, in virtual time. Simulations may share the check, which takes time to make. */
export async function simulate(seed: string, createController: CreateController, schemaCheck: SchemaCheck): Promise<Simulation> {
  const scenario = drawScenario(seed)
  const world = await createWorld(scenario, createController, schemaCheck)
  let timers = 0
  /** Nothing after the first broken promise says anything, and the trace then ends where it matters. */
  const isOver = (): boolean => ++timers > MOST_TIMERS || world.violations.length > 0
  world.begin()
  await world.clock.runUntil(scenario.troubleUntilMs, isOver)
  world.calmDown()
  await world.clock.runUntil(scenario.endMs, isOver)
  if (scenario.isClockTrue && !isOver()) checkCalmTicks(world.judged, scenario.troubleUntilMs + ECHO_MS, scenario.endMs - 30_000)
  await world.author.pushNothing()
  await world.clock.runUntil(scenario.endMs + LONGEST_REST_MS, () => isOver() || world.isAtRest())
  if (world.violations.length === 0) judgeEnd(world, timers, scenario)
  if (world.violations.length === 0) await checkVerified(world.judged)
  return {
    seed,
    violations: world.violations,
    digest: world.trace.digest(),
    tail: (lines) => world.trace.tail(lines),
    runs: world.facts.runs.size,
    timers,
  }
}

function judgeEnd(world: World, timers: number, scenario: Scenario): void {
  const { judged } = world
  if (timers > MOST_TIMERS) judged.complain('turns', `more than ${MOST_TIMERS} timers have fired; open: ${world.describeOpen()}`)
  else if (!world.isAtRest()) judged.complain('no-rest', `after ${LONGEST_REST_MS / 3_600_000} hours in calm there are open: ${world.describeOpen()}`)
  checkTickFiles(judged)
  checkLostTicks(judged)
  checkRefill(judged)
  checkTimeouts(judged, scenario.troubleUntilMs + ECHO_MS)
  for (const run of world.facts.runs.values()) {
    if (run.finishedAtMs === null) continue
    checkResults(judged, run)
    checkRecord(judged, run)
  }
}
