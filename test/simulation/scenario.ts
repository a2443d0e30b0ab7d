import { statePolicy } from '../../src/definitions/policy/policy.ts'
import type { RepositorySettings } from '../../src/config/repository-settings.ts'
import type { PodScript, PodScripts } from '../../src/cluster/simulated/pod-script.ts'
import { createSeededRandom, type SeededRandom } from '../../src/simulation/seeded-random.ts'
import type { AuthorStyle } from './author.ts'
import { NO_FAULTS, type FaultRates } from './faults.ts'
import { REVIEWED_INTO } from './reviewers.ts'
import { MEDDLINGS, RARE_MEDDLINGS, type Meddling } from './people.ts'

const MINUTE_MS = 60_000

/** Something that is done to the world at a moment. */
export type Happening = { atMs: number } & (
  | { kind: 'Push'; index: number }
  | { kind: 'Crash'; downMs: number }
  | { kind: 'Deploy'; downMs: number }
  | { kind: 'GitOutage'; forMs: number }
  | { kind: 'ClockStep'; byMs: number }
  /** Somebody sets the status branch back to a share of its commits; 0 deletes it. */
  | { kind: 'HarmHistory'; share: number }
  /** The cluster is gone with all that it held; another, empty one begins, and somebody lets it take the status branch over. */
  | { kind: 'LoseCluster'; downMs: number; takeOverAfterMs: number }
  /** Somebody brings a review in, if there is one; whether its branch stays. */
  | { kind: 'LandReview'; index: number; keepsBranch: boolean }
  | { kind: Meddling }
)

/** Everything that a seed decides before the world begins. */
export interface Scenario {
  seed: string
  startMs: number
  /** Until then faults and changes happen. */
  troubleUntilMs: number
  /** Then all is well; at this moment the last workflow is removed, and everything that is open must come to its end. */
  endMs: number
  style: AuthorStyle
  settings: RepositorySettings
  rates: FaultRates
  isClockTrue: boolean
  /** In order of time. */
  happenings: Happening[]
}

/** How long trouble may echo (backoff, downtime) after it has ended, in ms. */
export const ECHO_MS = 4 * MINUTE_MS

/** So many seeds lose their cluster. */
const LOSSES = 0.08

/** So many seeds offer their history for review. */
const REVIEWS = 0.06

/** In so many seeds people label runs, and repeat what was swept. */
const RARITIES = 0.3

const PACES = [
  { periodMs: MINUTE_MS, lengthMs: 5 * MINUTE_MS },
  { periodMs: MINUTE_MS, lengthMs: 8 * MINUTE_MS },
  { periodMs: 5 * MINUTE_MS, lengthMs: 30 * MINUTE_MS },
  { periodMs: 60 * MINUTE_MS, lengthMs: 130 * MINUTE_MS },
  { periodMs: null, lengthMs: 13 * MINUTE_MS },
]

/** Draws a scenario. */
export function drawScenario(seed: string): Scenario {
  const random = createSeededRandom(seed).fork('scenario')
  const isCalm = random.chance(0.1)
  const { periodMs, lengthMs } = random.pick(PACES)
  const startMs = Date.parse('2026-11-20T00:00:00Z') + random.integer(0, 2 * 24 * 60) * MINUTE_MS + random.integer(0, 59_999)
  const troubleUntilMs = startMs + lengthMs
  const endMs = troubleUntilMs + ECHO_MS + (periodMs === MINUTE_MS ? 2 : 6) * MINUTE_MS
  const hasClockSteps = !isCalm && random.chance(0.08)
  const loss = isCalm ? [] : drawLoss(random.fork('loss'), startMs, troubleUntilMs)
  const landings = drawLandings(random.fork('review'), startMs, endMs)
  const harm = isCalm || loss.length > 0 || landings.length > 0 ? [] : drawHarm(random.fork('harm'), startMs, troubleUntilMs)
  const trouble = isCalm ? [] : [...drawTrouble(random, startMs, troubleUntilMs, hasClockSteps), ...harm, ...loss]
  // Where reviews are brought in, little else may happen that would hide what becomes of them.
  const rare = landings.length > 0 ? [] : drawRare(random.fork('rare'), startMs, endMs)
  const happenings = [...drawPushes(random, startMs, endMs), ...trouble, ...landings, ...rare]
  return {
    seed,
    startMs,
    troubleUntilMs,
    endMs,
    style: {
      workflows: random.integer(1, periodMs === MINUTE_MS ? 2 : 3),
      periodMs,
      isCareful: isCalm && random.chance(0.5),
      mayRerun: loss.length > 0,
    },
    settings: { ...drawSettings(random, lengthMs), ...(landings.length === 0 ? {} : { review: drawReview(random.fork('review every')) }) },
    rates: isCalm ? NO_FAULTS : drawRates(random),
    isClockTrue: !hasClockSteps,
    happenings: happenings.sort((left, right) => left.atMs - right.atMs),
  }
}

/** How the pods of a seed behave; the same Job's same attempt always alike. */
export function createPodScripts(seed: string): PodScripts {
  const base = createSeededRandom(seed)
  return (job, attempt): PodScript => {
    const random = base.fork(`pod ${job.metadata.name} ${attempt}`)
    const runMs = random.chance(0.05) ? random.integer(120_000, 900_000) : random.integer(0, random.pick([1_000, 10_000, 60_000]))
    return {
      startMs: random.chance(0.1) ? random.integer(0, 30_000) : random.integer(0, 1_500),
      runMs,
      exitCode: random.chance(0.75) ? 0 : random.integer(1, 4),
      log: `attempt ${attempt}\n`,
      message: random.chance(0.05) ? 'n=many' : `n=${random.integer(0, 2)}\nitems=${random.pick(['[]', '[1]', '["a","b"]'])}`,
      termMs: random.chance(0.15) ? random.integer(0, 60_000) : random.integer(0, 500),
      lostAfterMs: random.chance(0.04) ? Math.floor(runMs * random.fraction()) : null,
    }
  }
}

function drawSettings(random: SeededRandom, lengthMs: number): RepositorySettings {
  return {
    ref: { namespace: 'data', name: 'jobs' },
    url: 'https://git.example.com/acme/jobs.git',
    path: 'workflows',
    intervalSeconds: lengthMs > 60 * MINUTE_MS ? 300 : random.pick([20, 60]),
    historyIntervalSeconds: random.pick([0, 10, 60]),
    suspend: false,
    maxParallelSteps: random.chance(0.2) ? random.integer(1, 3) : 50,
    vars: { environment: 'simulation' },
    policy: statePolicy({}, 'data', { serviceAccounts: [], secrets: [] }),
  }
}

function drawRates(random: SeededRandom): FaultRates {
  const rate = (most: number): number => (random.chance(0.4) ? 0 : most * random.fraction())
  return {
    delayed: rate(0.3),
    failBefore: rate(0.05),
    failAfter: rate(0.05),
    crashAtWrite: rate(0.1),
    raced: rate(0.2),
    refused: rate(0.2),
    eventLost: rate(0.3),
    eventDoubled: rate(0.2),
  }
}

function drawPushes(random: SeededRandom, fromMs: number, untilMs: number): Happening[] {
  return Array.from({ length: random.integer(0, 5) }, (_, index) => ({ kind: 'Push', index, atMs: random.integer(fromMs, untilMs - 1) }))
}

/** Late enough for something to be there. */
function drawHarm(random: SeededRandom, fromMs: number, untilMs: number): Happening[] {
  if (!random.chance(0.15)) return []
  const share = random.chance(0.5) ? 0 : random.fraction()
  return [{ kind: 'HarmHistory', share, atMs: random.integer((fromMs + untilMs) / 2, untilMs) }]
}

/** As late: by then something is recorded, and something is under way. */
function drawLoss(random: SeededRandom, fromMs: number, untilMs: number): Happening[] {
  if (!random.chance(LOSSES)) return []
  const atMs = random.integer(fromMs + (untilMs - fromMs) / 3, untilMs)
  return [{ kind: 'LoseCluster', atMs, downMs: random.integer(1_000, 20_000), takeOverAfterMs: random.integer(5_000, 60_000) }]
}

/** Also when all is well: then what is to come of it must come. */
function drawRare(random: SeededRandom, fromMs: number, untilMs: number): Happening[] {
  if (!random.chance(RARITIES)) return []
  const middle = (fromMs + untilMs) / 2
  return Array.from({ length: random.integer(1, 4) }, () => ({ kind: random.pick(RARE_MEDDLINGS), atMs: random.integer(middle, untilMs - 60_000) }))
}

function drawLandings(random: SeededRandom, fromMs: number, untilMs: number): Happening[] {
  if (!random.chance(REVIEWS)) return []
  return Array.from({ length: random.integer(2, 6) }, (_, index) => {
    return { kind: 'LandReview', index, atMs: random.integer(fromMs, untilMs - 1), keepsBranch: random.chance(0.3) }
  })
}

function drawReview(random: SeededRandom): NonNullable<RepositorySettings['review']> {
  return { into: REVIEWED_INTO, everySeconds: random.pick([60, 180, 600]) }
}

function drawTrouble(random: SeededRandom, fromMs: number, untilMs: number, hasClockSteps: boolean): Happening[] {
  const at = (): number => random.integer(fromMs, untilMs)
  const lengthMs = untilMs - fromMs
  const downMs = (): number => (random.chance(0.25) ? random.integer(MINUTE_MS, lengthMs / 2) : random.integer(1_000, 30_000))
  const times = <T extends Happening>(most: number, draw: () => T): T[] => Array.from({ length: random.integer(0, most) }, draw)
  return [
    ...times(3, () => ({ kind: 'Crash', atMs: at(), downMs: downMs() }) as const),
    ...times(1, () => ({ kind: 'Deploy', atMs: at(), downMs: random.integer(1_000, 10_000) }) as const),
    ...times(1, () => ({ kind: 'GitOutage', atMs: at(), forMs: random.integer(1_000, lengthMs / 2) }) as const),
    ...times(3, () => ({ kind: random.pick(MEDDLINGS), atMs: at() })),
    ...(hasClockSteps
      ? times(2, () => ({ kind: 'ClockStep', atMs: at(), byMs: random.pick([random.integer(-5, 5), -60, 60]) * MINUTE_MS }) as const)
      : []),
  ]
}
