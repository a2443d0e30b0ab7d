import { createSimulatedCluster, type SimulatedCluster } from '../../src/cluster/simulated/cluster.ts'
import type { ClusterChange } from '../../src/cluster/simulated/changes.ts'
import type { DefinitionCache } from '../../src/definitions/definition-cache.ts'
import { createExpressionLanguage } from '../../src/definitions/expressions/language.ts'
import { createLinkMemory } from '../../src/definitions/link/memory.ts'
import { loadDefinitions } from '../../src/definitions/load-definitions.ts'
import type { SchemaCheck } from '../../src/definitions/schema/validators.ts'
import type { FollowedRepository } from '../../src/context.ts'
import type { CommitSha, SourceRepository } from '../../src/git/ports.ts'
import { takeOver } from '../../src/history/owner.ts'
import { createSeededRandom } from '../../src/simulation/seeded-random.ts'
import { createVirtualClock, type VirtualClock } from '../../src/simulation/virtual-clock.ts'
import { createAuthor, type Author } from './author.ts'
import { createFacts, heldRuns, noteChange, noteHarm, noteStatusCommit, recordsOnBranch, type Facts, type RunFacts } from './facts.ts'
import { describeChange, describeHappening } from './describe.ts'
import { createFaults, isFault } from './faults.ts'
import { noteLoss, noteTakeOver } from './lost-cluster.ts'
import { createGitRemote, type GitRemote, type Tree } from './git-remote.ts'
import { SLACK_MS, workflowOf, type Case } from './oracle/case.ts'
import { checkConcurrency } from './oracle/concurrency.ts'
import { checkRunAfterLoss } from './oracle/loss.ts'
import { checkPassedPushes, checkPushRun } from './oracle/pushes.ts'
import { checkChange, checkStatusCommit } from './oracle/records.ts'
import { checkReview, isOfferedWell } from './oracle/reviews.ts'
import { checkRerun } from './oracle/reruns.ts'
import { checkNewJob } from './oracle/steps.ts'
import { checkPassedTicks, checkTickRun } from './oracle/ticks.ts'
import { createLives, type CreateController } from './lives.ts'
import { createPeople } from './people.ts'
import { planLanding } from './reviewers.ts'
import { createPodScripts, ECHO_MS, type Happening, type Scenario } from './scenario.ts'
import { createTrace, type Trace } from './trace.ts'

/** One finding of the oracle. */
export interface Violation {
  rule: string
  message: string
  atMs: number
}

const TAKE_OVER_RETRY_MS = 3_000
/** The world of one scenario: a cluster, a Git remote, people, and the process of a controller that comes and goes. */
export interface World {
  clock: VirtualClock
  facts: Facts
  trace: Trace
  violations: Violation[]
  judged: Case
  author: Author
  /** Starts the first process, and lets everything happen that the scenario holds. */
  begin(): void
  /** Nothing goes wrong from now on; the controller runs. */
  calmDown(): void
  /** Whether nothing is open: every run recorded, every Job released, every commit looked at. */
  isAtRest(): boolean
  /** What is open, for people. */
  describeOpen(): string
}

/** Builds the world of a scenario; nothing happens before `begin`. Worlds may share the check. */
export async function createWorld(scenario: Scenario, createController: CreateController, schemaCheck: SchemaCheck): Promise<World> {
  const random = createSeededRandom(scenario.seed)
  const clock = createVirtualClock(scenario.startMs)
  const facts = createFacts()
  const trace = createTrace(() => clock.now())
  const violations: Violation[] = []
  const remote = createGitRemote({
    now: () => clock.now(),
    onStatusCommit(commit) {
      const last = facts.statusTip
      noteStatusCommit(facts, commit)
      trace.add(`status commit ${commit.message.split('\n')[0]}`)
      checkStatusCommit(judged, commit, last)
    },
    onReview(review) {
      trace.add(`review ${review.name} at ${review.commit.slice(0, 7)} on ${review.base.slice(0, 7)}`)
      checkReview(judged, review, scenario.settings.review?.everySeconds ?? 0)
    },
    fateOfPush: () => faults.fateOfPush(),
  })
  const definitionCache: DefinitionCache = {
    schemaCheck,
    language: createExpressionLanguage(),
    quietSteps: new Map(),
    files: new Map(),
    manifests: new Map(),
    memory: createLinkMemory(),
  }
  const files = remote.open().source
  const author = await createAuthor(remote, random.fork('author'), scenario.style, async (commit) => {
    await loadDefinitions(files.filesAt(commit), { path: scenario.settings.path, cache: definitionCache })
  })
  const faults = createFaults(random.fork('faults'), scenario.rates)
  let byUser = false

  const judged: Case = {
    facts,
    remote,
    models: author.models,
    begun: new Map(),
    maxParallelSteps: scenario.settings.maxParallelSteps,
    now: () => clock.now(),
    isClockTrue: scenario.isClockTrue,
    goOf: (run) => workflowOf(judged, run)?.go ?? true,
    complain(rule, message) {
      violations.push({ rule, message, atMs: clock.now() })
      trace.add(`VIOLATION ${rule}: ${message}`)
    },
  }
  /** A new, empty one. Nobody hears any more of what goes on in the one before it. */
  function openCluster(name: string): SimulatedCluster {
    const opened = createSimulatedCluster({
      clock,
      random: random.fork(name),
      scripts: createPodScripts(scenario.seed),
      delays: () => faults.eventDelays(),
      garbageAfterMs: random.fork('garbage').chance(0.5) ? 500 : null,
      onChange(change) {
        if (opened !== cluster) return
        noteChange(facts, change, clock.now())
        trace.add(describeChange(change))
        judgeChange(judged, change, byUser)
        if (change.kind === 'Run' && change.after !== null) people.seeRun(change.after, clock)
      },
    })
    return opened
  }
  let cluster = openCluster('cluster')

  const createRepository = (): FollowedRepository => {
    const { source, status, reviews } = remote.open()
    const fetchTip: SourceRepository['fetchTip'] = async (signal) => {
      const tip = await source.fetchTip(signal)
      if (!facts.seenTips.has(tip)) facts.seenTips.set(tip, clock.now())
      return tip
    }
    return {
      settings: scenario.settings,
      owner: facts.lost === null ? 'simulated' : 'its successor',
      source: { ...source, fetchTip },
      status,
      reviews,
    }
  }
  const lives = createLives(scenario, {
    clock,
    random,
    faults,
    trace,
    cluster: () => cluster,
    createRepository,
    createController,
    definitionCache,
    judged,
  })
  const people = createPeople(() => cluster, facts, random.fork('people'), trace, lives, {
    input: judged,
    isCalm: () => clock.now() - SLACK_MS > scenario.troubleUntilMs + ECHO_MS,
  })

  /** Whoever does it tries until the remote takes it. */
  async function letTakeOver(): Promise<void> {
    try {
      await takeOver({ status: remote.open().status, by: 'ada', nowMs: clock.now() })
      noteTakeOver(facts)
      trace.add('the status branch may be taken over')
    } catch (error) {
      if (!isFault(error)) throw error
      clock.setTimer(clock.now() + TAKE_OVER_RETRY_MS, () => void letTakeOver())
    }
  }

  async function landReview(index: number, keepsBranch: boolean): Promise<void> {
    const treeAt = (sha: CommitSha): Tree => remote.commits.get(sha)?.tree ?? new Map<string, string>()
    const tip = { sha: remote.tip(), tree: treeAt(remote.tip()) }
    const landing = planLanding([...facts.reviews.values()], tip, treeAt, random.fork(`landing ${index}`))
    if (landing === null) return
    const { name, how, tree, parents } = landing
    trace.add(`${how} of review ${name}`)
    await author.land(tree, `${how} of review ${name}`, parents)
    if (keepsBranch) return
    remote.deleteReview(name)
    facts.reviews.delete(name)
  }

  function happen(happening: Happening): void {
    trace.add(describeHappening(happening))
    switch (happening.kind) {
      case 'Push':
        return void author.push(random.fork(`push ${happening.index}`)).then((word) => trace.add(`push ${word}`))
      case 'Crash':
        return lives.crash(happening.downMs)
      case 'Deploy':
        return lives.deploy(happening.downMs)
      case 'ClockStep':
        return lives.stepClock(happening.byMs)
      case 'HarmHistory':
        return noteHarm(facts, remote.harmStatus(happening.share))
      case 'LoseCluster':
        lives.lose(happening.downMs)
        cluster = openCluster('next cluster')
        noteLoss(facts)
        judged.begun.clear()
        clock.setTimer(clock.now() + happening.takeOverAfterMs, () => void letTakeOver())
        return
      case 'LandReview':
        return void landReview(happening.index, happening.keepsBranch)
      case 'GitOutage':
        faults.gitDown = true
        clock.setTimer(clock.now() + happening.forMs, () => {
          faults.gitDown = false
        })
        return
      default:
        byUser = true
        people.meddle(happening.kind, clock)
        byUser = false
    }
  }

  return {
    clock,
    facts,
    trace,
    violations,
    judged,
    author,
    begin() {
      lives.begin()
      for (const happening of scenario.happenings) clock.setTimer(happening.atMs, () => happen(happening))
    },
    calmDown() {
      faults.stop()
      lives.stepClockBack()
    },
    isAtRest: () =>
      openRuns(facts).length === 0 &&
      openJobs(facts).length === 0 &&
      isLooked(remote, facts) &&
      isWhole(facts) &&
      (scenario.settings.review === undefined || isOfferedWell(judged)),
    describeOpen() {
      const runs = openRuns(facts).map(
        ({ name, run }) => `${name} ${run.status?.phase ?? 'Pending'}${run.metadata.deletionTimestamp === undefined ? '' : ' deleted'}`,
      )
      const jobs = openJobs(facts).map(({ name, job }) => `${name} ${job.metadata.deletionTimestamp === undefined ? '' : 'deleted'}`)
      return `runs ${runs.join(', ')}; jobs ${jobs.join(', ')}; fates ${facts.cursors?.fates.length}; cursor ${facts.cursors?.lastCommit}`
    },
  }
}

function judgeChange(judged: Case, change: ClusterChange, byUser: boolean): void {
  checkChange(judged, change, byUser)
  if (change.kind === 'Cursors') {
    checkPassedPushes(judged, change.before, change.after)
    checkPassedTicks(judged, change.before, change.after)
  }
  if (change.kind === 'Run' && change.after !== null) {
    const run = judged.facts.runs.get(change.after.metadata.name)
    if (run !== undefined && change.before === null) checkNewRun(judged, run)
    if (run !== undefined) checkConcurrency(judged, run, change.before, change.after)
  }
  if (change.kind === 'Job' && change.before === null && change.after !== null) {
    const job = judged.facts.jobs.get(change.after.metadata.name)
    if (job !== undefined) checkNewJob(judged, job)
  }
}

function checkNewRun(judged: Case, run: RunFacts): void {
  checkRunAfterLoss(judged, run)
  switch (run.run.spec.trigger.kind) {
    case 'Push':
      return checkPushRun(judged, run)
    case 'Schedule':
      return checkTickRun(judged, run)
    default:
      return checkRerun(judged, run)
  }
}

function openRuns(facts: Facts) {
  return [...facts.runs.values()].filter(({ run, isGone }) => !isGone && run.status?.recorded === undefined)
}

function openJobs(facts: Facts) {
  return [...facts.jobs.values()].filter((job) => !job.isGone && (!job.isReleased || job.pods.some(({ endedAtMs }) => endedAtMs === null)))
}

/** Whether all that the cluster holds as recorded is on the status branch. */
function isWhole(facts: Facts): boolean {
  if (!facts.isHarmed) return true
  const there = recordsOnBranch(facts)
  return heldRuns(facts).every(({ name }) => there.has(name))
}

function isLooked(remote: GitRemote, facts: Facts): boolean {
  return facts.cursors !== null && facts.cursors.lastCommit === remote.tip() && facts.cursors.fates.length === 0
}
