import { formatTick, parseTimestamp } from '../../src/clock.ts'
import type { RunRecord } from '../../src/history/record.ts'
import type { TickRange } from '../../src/history/ticks.ts'
import type { StoredRun, TickFate, Trigger } from '../../src/runs/run.ts'
import type { Evidence, StoryWorld } from './story-world.ts'
import type { WantedWorkflow } from './story-workflows.ts'

/** What has happened to the story from outside. */
export interface StoryFacts {
  workflows: readonly WantedWorkflow[]
  /** Commits that were pushed after the first look, oldest first. */
  pushed: readonly string[]
  /** Those of them that a controller said it had dealt with, and the last. */
  observed: readonly string[]
  /** All schedules were judged up to this tick when the story began; they tick every minute. */
  judgedUpToMs: number
}

const MINUTE_MS = 60_000

/**
 * What of the promise "exactly once" a settled world breaks, one sentence each; none is what is wanted. Settled means that nothing
 * runs and nothing waits to be recorded, but for ticks that came after the story's end.
 */
export function findViolations(world: StoryWorld, facts: StoryFacts): string[] {
  return [
    ...checkGit(world),
    ...checkRecords(world),
    ...checkPushes(world, facts),
    ...facts.workflows.flatMap((workflow) => checkTicks(world, facts, workflow)),
    ...facts.workflows.flatMap((workflow) => checkSteps(world, workflow)),
    ...facts.workflows.flatMap((workflow) => checkObjects(world, workflow)),
    ...strangers(world),
  ]
}

function checkGit({ fsck, leftOvers, log }: StoryWorld): string[] {
  const found = leftOvers.map((file) => `${file} was left behind`)
  if (fsck !== '') found.push(`git fsck: ${fsck}`)
  log.forEach(({ id, parents }, index) => {
    const before = index === 0 ? [] : [log[index - 1]?.id]
    if (parents.join() !== before.join()) found.push(`${id} does not follow its predecessor alone`)
  })
  return found
}

/** A record is added once, with its page and its trailer, and never touched again. */
function checkRecords({ records, log }: StoryWorld): string[] {
  const found = repeated(records.map(({ record }) => record.run)).map((run) => `${run} has several records`)
  for (const { path, record } of records) {
    for (const file of [path, path.replace(/\.json$/, '.md')]) {
      const letters = log.map((commit) => commit.changes.get(file) ?? '').join('')
      if (letters !== 'A') found.push(`${file} was not added once and left alone: ${letters}`)
    }
    const commits = log.filter((commit) => commit.runs.includes(record.run))
    if (commits.length !== 1 || commits[0]?.changes.get(path) !== 'A') found.push(`${record.run} is not named by the commit of its record alone`)
  }
  const touched = log.flatMap((commit) => [...commit.changes].filter(([, letter]) => letter === 'D').map(([file]) => file))
  return [...found, ...touched.map((file) => `${file} was deleted from the status branch`)]
}

function checkPushes(world: StoryWorld, facts: StoryFacts): string[] {
  const found: string[] = []
  for (const { name, trigger } of facts.workflows) {
    if (trigger.kind !== 'Push') continue
    const ran = identities(world, name).flatMap(({ commit, trigger: { kind } }) => (kind === 'Push' ? [commit] : []))
    const wanted = trigger.commits === 'Each' ? facts.pushed : facts.observed
    found.push(...repeated(ran).map((commit) => `${name} ran several times at ${commit}`))
    found.push(...wanted.filter((commit) => !ran.includes(commit)).map((commit) => `${name} did not run at ${commit}`))
    found.push(...ran.filter((commit) => !facts.pushed.includes(commit)).map((commit) => `${name} ran at ${commit}, which nobody pushed`))
  }
  return found
}

function checkTicks(world: StoryWorld, facts: StoryFacts, { name, trigger }: WantedWorkflow): string[] {
  if (trigger.kind !== 'Schedule') return []
  const judgedUpToMs = parseTimestamp(world.cursors?.schedules[name]?.judgedUpTo ?? '')
  const ran = identities(world, name).flatMap((run) => (run.trigger.kind === 'Schedule' ? [{ ...run, tick: run.trigger.tick }] : []))
  const odd = [...world.ticks.flatMap(({ ranges }) => ranges).flatMap(unfoldRange), ...(world.cursors?.fates ?? []).flatMap(unfoldFate)].filter(
    (fate) => fate.schedule === name,
  )
  const found: string[] = []
  for (let tickMs = facts.judgedUpToMs + MINUTE_MS; tickMs <= judgedUpToMs; tickMs += MINUTE_MS) {
    const tick = formatTick(tickMs)
    const runs = ran.filter((run) => run.tick === tick).map(({ run }) => run)
    const fates = odd.filter((fate) => fate.tick === tick)
    const story = `${name} at ${tick}: runs ${runs.join(', ') || 'none'}; fates ${fates.map(({ fate, run }) => `${fate} ${run ?? ''}`).join(', ') || 'none'}`
    const notRun = fates.filter(({ fate }) => fate !== 'Late')
    if (runs.length + notRun.length !== 1 || fates.length > 1) found.push(`not exactly one fate: ${story}`)
    if (fates.some(({ fate, run }) => fate === 'Late' && run !== runs[0])) found.push(`late, but not its run: ${story}`)
    if (trigger.catchUp === 'All' && runs.length === 0) found.push(`not caught up: ${story}`)
  }
  const inTime = (tick: string): boolean => parseTimestamp(tick) > facts.judgedUpToMs && parseTimestamp(tick) <= judgedUpToMs
  found.push(...[...ran, ...odd].filter(({ tick }) => !inTime(tick)).map(({ tick }) => `${name} has a tick ${tick} that is not due`))
  if (Number.isNaN(judgedUpToMs)) found.push(`${name} has no cursor`)
  return found
}

/** The steps' own word: how often each began and ended, and after whom. */
function checkSteps(world: StoryWorld, workflow: WantedWorkflow): string[] {
  const found: string[] = []
  for (const { record } of world.records.filter((one) => one.record.workflow === workflow.name)) {
    const said = (text: string): void => void found.push(`${record.run}: ${text}`)
    const evidence = world.evidence.filter(({ run }) => run === record.run)
    if (record.result !== workflow.result) said(`ended ${record.result}, wanted ${workflow.result}`)
    if (record.steps.map(({ name }) => name).join() !== Object.keys(workflow.steps).join()) said('does not have the steps of its workflow')
    for (const [name, wanted] of Object.entries(workflow.steps)) {
      const step = record.steps.find((one) => one.name === name)
      const [starts, ends] = [timesOf(evidence, name, 'start'), timesOf(evidence, name, 'end')]
      if (step === undefined || !wanted.results.includes(step.result)) said(`${name} ended ${step?.result}, wanted ${wanted.results.join(' or ')}`)
      if (step?.result === 'Skipped' && starts.length > 0) said(`${name} was skipped, and ran`)
      if (starts.length < wanted.starts[0] || starts.length > wanted.starts[1]) said(`${name} began ${starts.length} times`)
      if (ends.length !== wanted.ends) said(`${name} came to its end ${ends.length} times`)
      for (const before of wanted.after) {
        const last = [...timesOf(evidence, before, 'start'), ...timesOf(evidence, before, 'end')].at(-1)
        if (last === undefined || starts.some((start) => start < last)) said(`${name} began before ${before} had ended`)
      }
    }
  }
  return found
}

/** What the cluster still holds once everything is recorded. */
function checkObjects({ runs, jobs, records }: StoryWorld, { name, keeps }: WantedWorkflow): string[] {
  const found: string[] = []
  const own = runs.filter((run) => run.spec.workflow === name)
  const finished = own.filter((run) => run.status?.phase === 'Finished')
  for (const run of finished) {
    if (!records.some(({ record }) => record.run === run.metadata.name)) found.push(`${run.metadata.name} has ended and has no record`)
    if (run.status?.recorded === undefined || (run.metadata.finalizers ?? []).length > 0) found.push(`${run.metadata.name} is not marked as recorded`)
    const held = jobs.filter((job) => job.metadata.labels?.['fusee.dev/run'] === run.metadata.name && (job.metadata.finalizers ?? []).length > 0)
    found.push(...held.map((job) => `Job ${job.metadata.name} of an ended run is still held`))
  }
  if (finished.length > keeps) found.push(`${finished.length} Runs of ${name} are kept, wanted ${keeps}`)
  return found
}

/** Jobs and evidence that belong to no run. */
function strangers({ runs, jobs, records, evidence }: StoryWorld): string[] {
  const objects = new Set(runs.map((run) => run.metadata.name))
  const known = new Set([...objects, ...records.map(({ record }) => record.run)])
  const orphans = jobs.filter((job) => !objects.has(job.metadata.labels?.['fusee.dev/run'] ?? ''))
  return [
    ...orphans.map((job) => `Job ${job.metadata.name} has no Run`),
    ...[...new Set(evidence.map(({ run }) => run))].filter((run) => !known.has(run)).map((run) => `steps of ${run} ran, and nobody knows that run`),
  ]
}

interface RunIdentity {
  run: string
  commit: string
  trigger: Trigger
}

/** All runs of a workflow, each once: those that have a record, and the Run objects without one. */
function identities({ records, runs }: StoryWorld, workflow: string): RunIdentity[] {
  const recorded = records.map(({ record }) => record)
  const objects = runs.filter((run) => !recorded.some((record) => record.run === run.metadata.name))
  return [...recorded.map(ofRecord), ...objects.map(ofRun)].filter((one) => one.workflow === workflow)
}

function ofRecord({ run, commit, trigger, workflow }: RunRecord): RunIdentity & { workflow: string } {
  return { run, commit, trigger, workflow }
}

function ofRun({ metadata, spec }: StoredRun): RunIdentity & { workflow: string } {
  return { run: metadata.name, commit: spec.commit, trigger: spec.trigger, workflow: spec.workflow }
}

interface OddTick {
  schedule: string
  tick: string
  fate: string
  run: string | null
}

function unfoldRange({ schedule, fate, run, from, count }: TickRange): OddTick[] {
  return Array.from({ length: count }, (_, index) => ({ schedule, fate, run, tick: formatTick(parseTimestamp(from) + index * MINUTE_MS) }))
}

function unfoldFate({ schedule, fate, run, at, count }: TickFate): OddTick[] {
  return Array.from({ length: count ?? 1 }, (_, index) => ({ schedule, fate, run, tick: formatTick(parseTimestamp(at) + index * MINUTE_MS) }))
}

function timesOf(evidence: readonly Evidence[], step: string, what: Evidence['what']): bigint[] {
  return evidence
    .filter((one) => one.step === step && one.what === what)
    .map(({ atNs }) => atNs)
    .sort((one, other) => (one < other ? -1 : 1))
}

function repeated(texts: readonly string[]): string[] {
  return [...new Set(texts.filter((text, index) => texts.indexOf(text) !== index))]
}
