import type { CommitSha } from '../../../src/git/ports.ts'
import type { Cursors, TickFate } from '../../../src/runs/run.ts'
import { tickKey, type RunFacts } from '../facts.ts'
import { hasSameTicks, ticksBetween, type ScheduleModel, type WorkflowModel } from '../model.ts'
import { isLostRun } from './loss.ts'
import { SLACK_MS, workflowAt, workflowOf, type Case } from './case.ts'

const MINUTE_MS = 60_000
const MOST_CAUGHT_UP = 100

/** Judges a move of the cursors over ticks: each that they pass has exactly one fate, and the right one. */
export function checkPassedTicks(input: Case, before: Cursors | null, after: Cursors): void {
  if (before !== null) checkKept(input, before, after)
  for (const [name, cursor] of Object.entries(after.schedules)) {
    const last = before?.schedules[name]
    const known = input.begun.get(name)
    if (last === undefined || last.form !== cursor.form || known === undefined) {
      begin(input, after, name)
      continue
    }
    const [fromMs, toMs] = [Date.parse(last.judgedUpTo), Date.parse(cursor.judgedUpTo)]
    if (toMs < fromMs) input.complain('cursor-back', `the cursor of ${name} went from ${last.judgedUpTo} back to ${cursor.judgedUpTo}`)
    const ticks = ticksBetween(known.schedule, fromMs, toMs)
    for (const tick of ticks) checkFate(input, name, tick)
    const inForce = scheduleInForce(input, after, name)
    if (input.isClockTrue && inForce !== null && hasSameTicks(inForce, known.schedule) && !hasJustLooked(input)) checkCatchUp(input, inForce, ticks)
  }
}

/** Judges a run by schedule when it is created. */
export function checkTickRun(input: Case, { name, run, createdAtMs }: RunFacts): void {
  const { trigger, fate } = run.spec
  if (trigger.kind !== 'Schedule') return
  const tickMs = Date.parse(trigger.tick)
  const cursor = input.facts.cursors?.schedules[trigger.schedule]
  if (cursor === undefined) return input.complain('tick-unknown', `run ${name} is of schedule ${trigger.schedule}, which the cursors do not know`)
  if (tickMs <= Date.parse(cursor.judgedUpTo) && !isLostRun(input, name))
    input.complain('tick-again', `run ${name} was created for a tick before ${cursor.judgedUpTo}`)
  if (runsOf(input, trigger.schedule, tickMs).length > 1) input.complain('tick-twice', `tick ${trigger.tick} of ${trigger.schedule} has several runs`)
  const workflow = workflowAt(input, run.spec.commit, run.spec.workflow)
  if (workflow === null || workflow.mistake !== null) {
    return input.complain('tick-invalid', `run ${name} is pinned to a commit at which ${run.spec.workflow} is not valid`)
  }
  checkPin(input, run.spec.commit, workflow, name)
  if (!input.isClockTrue) return
  const ageMs = createdAtMs - tickMs
  if (ageMs < 0) input.complain('tick-early', `run ${name} was created ${-ageMs} ms before its tick`)
  if (fate === 'Fired' && ageMs > MINUTE_MS + SLACK_MS) input.complain('fate', `run ${name} is Fired ${ageMs} ms after its tick`)
  if (fate === 'Late' && ageMs <= MINUTE_MS) input.complain('fate', `run ${name} is Late ${ageMs} ms after its tick`)
}

/** Judges, at the end, the ticks from `fromMs` to `untilMs`, in which nothing went wrong: each must have fired in time. */
export function checkCalmTicks(input: Case, fromMs: number, untilMs: number): void {
  const writes = input.facts.cursorWrites
  const start = writes.findLast(({ atMs }) => atMs <= fromMs)?.after
  if (start === undefined) return
  const inBetween = writes.filter(({ atMs }) => atMs > fromMs && atMs <= untilMs + MINUTE_MS).map(({ after }) => after)
  for (const [name, cursor] of Object.entries(start.schedules)) {
    const schedule = input.begun.get(name)?.schedule
    if (schedule === undefined || inBetween.some((one) => one.schedules[name]?.form !== cursor.form)) continue
    for (const tick of ticksBetween(schedule, fromMs, untilMs)) {
      const [run] = runsOf(input, name, tick)
      if (run?.run.spec.fate !== 'Fired' && !(run?.run.spec.fate === 'Skipped' && mayRefuse(input, run)))
        input.complain('tick-missed', `tick ${new Date(tick).toISOString()} of ${name} did not fire though all was well`)
    }
  }
}

/** Whether the workflow's `concurrency` refuses newcomers. */
function mayRefuse(input: Case, run: RunFacts): boolean {
  return ['Forbid', 'Queue'].includes(workflowOf(input, run)?.concurrency.policy ?? '')
}

/** A schedule that stays keeps its cursor: begun anew, it would lose the ticks in between. */
function checkKept(input: Case, before: Cursors, after: Cursors): void {
  for (const name of Object.keys(before.schedules)) {
    const meant = [before.lastCommit, after.lastCommit].map((commit) => meantAt(input, commit, name))
    if (after.schedules[name] === undefined && !meant.includes(null))
      input.complain('schedule-forgotten', `the cursors dropped ${name}, which is still there`)
  }
}

/** Notes what a schedule is when its ticks begin. */
function begin(input: Case, cursors: Cursors, name: string): void {
  const known = input.begun.get(name)
  const schedule = scheduleInForce(input, cursors, name)
  const form = cursors.schedules[name]?.form ?? ''
  if (schedule === null) return
  if (known !== undefined && known.form !== form && hasSameTicks(known.schedule, schedule)) {
    input.complain('schedule-anew', `the cursors began ${name} anew, whose ticks are the same`)
  }
  input.begun.set(name, { form, schedule })
}

/** Exactly one fate: a run, or a reason why there is none; a late run may have its fate noted too. */
function checkFate(input: Case, schedule: string, tickMs: number): void {
  const runs = runsOf(input, schedule, tickMs)
  const fates = [...(input.facts.fates.get(tickKey(schedule, tickMs)) ?? new Set<TickFate['fate']>())]
  const where = `tick ${new Date(tickMs).toISOString()} of ${schedule}`
  const [run] = runs
  if (run === undefined && fates.length === 0) return input.complain('tick-lost', `the cursor passed ${where}, which has neither run nor fate`)
  if (fates.length > 1) input.complain('tick-fates', `${where} is ${fates.join(' and ')}`)
  if (run === undefined && (fates.includes('Fired') || fates.includes('Late')))
    input.complain('tick-no-run', `${where} is ${fates.join()} without a run`)
  if (run !== undefined && fates.some((fate) => fate !== run.run.spec.fate)) {
    input.complain('tick-fates', `${where} is ${fates.join()} and has a run that is ${run.run.spec.fate}`)
  }
  if (run?.run.spec.fate === 'Late' && fates.length === 0) input.complain('tick-untold', `${where} is Late, which is not noted`)
}

/** What `catchUp` and `startingDeadline` say of ticks that were judged together. */
function checkCatchUp(input: Case, schedule: ScheduleModel, ticks: readonly number[]): void {
  const { catchUp, name } = schedule
  const deadlineMs = schedule.startingDeadlineSeconds === null ? Infinity : schedule.startingDeadlineSeconds * 1_000
  const isWithin = (tick: number): boolean => input.now() - tick + SLACK_MS <= deadlineMs
  const complain = (tick: number, why: string): void =>
    input.complain('catch-up', `tick ${new Date(tick).toISOString()} of ${name} (${catchUp}) ${why}`)
  for (const tick of ticks) {
    const [run] = runsOf(input, name, tick)
    if (run === undefined) continue
    if (run.createdAtMs - tick > deadlineMs + SLACK_MS) complain(tick, 'ran after its deadline')
    if (run.run.spec.fate !== 'Late') continue
    if (catchUp === 'None') complain(tick, 'ran late')
    const newer = ticks.find((other) => other > tick && other <= run.createdAtMs - SLACK_MS)
    if (catchUp === 'Latest' && newer !== undefined) complain(tick, `ran late though ${new Date(newer).toISOString()} had passed`)
  }
  const wanted = catchUp === 'All' ? ticks.slice(-MOST_CAUGHT_UP) : catchUp === 'Latest' ? ticks.slice(-1) : []
  for (const tick of wanted) if (isWithin(tick) && runsOf(input, name, tick).length === 0) complain(tick, 'did not run')
}

/** A run of a schedule is pinned to the newest commit at which its workflow is valid, as far as the looks had come. */
function checkPin(input: Case, commit: string, workflow: WorkflowModel, name: string): void {
  const moves = input.facts.cursorWrites.filter(({ before, after }) => before?.lastCommit !== after.lastCommit)
  const last = moves.findLast(({ atMs }) => atMs <= input.now() - SLACK_MS)?.after.lastCommit
  if (last == null || commit === last) return
  const later = moves.filter(({ atMs }) => atMs > input.now() - SLACK_MS).map(({ after }) => after.lastCommit)
  const seen = later.flatMap((tip) =>
    tip === null ? [] : (input.remote.between(last as CommitSha, tip as CommitSha) ?? historyOf(input, tip as CommitSha)),
  )
  if (seen.includes(commit as CommitSha)) return
  const newer = input.remote.between(commit as CommitSha, last as CommitSha) ?? [last as CommitSha]
  const better = newer.slice(-MOST_COMMITS).findLast((other) => workflowAt(input, other, workflow.name)?.mistake === null)
  if (better !== undefined) input.complain('tick-pin', `run ${name} is pinned to ${commit}, its workflow is valid at ${better}`)
}

/** The product looks no further back than this. */
const MOST_COMMITS = 50

/** Whether what is in force may just have changed: ticks may still have been judged by what was before. */
function hasJustLooked({ facts, now }: Case): boolean {
  return facts.cursorWrites.some(({ atMs, before, after }) => atMs > now() - SLACK_MS && before?.lastCommit !== after.lastCommit)
}

/** The schedule as meant at the commit that the cursors name for it. */
export function scheduleInForce(input: Case, cursors: Cursors, name: string): ScheduleModel | null {
  return meantAt(input, cursors.validScheduleCommits[name] ?? cursors.lastCommit, name)
}

/** The schedule as meant at a commit, be its file valid or not. */
function meantAt({ models }: Case, commit: string | null, name: string): ScheduleModel | null {
  const workflows = models.get((commit ?? '') as CommitSha)?.workflows ?? []
  return workflows.flatMap(({ schedules }) => schedules).find((schedule) => schedule.name === name) ?? null
}

function runsOf(input: Case, schedule: string, tickMs: number): RunFacts[] {
  return [...input.facts.runs.values()].filter(
    ({ run: { spec } }) => spec.trigger.kind === 'Schedule' && spec.trigger.schedule === schedule && Date.parse(spec.trigger.tick) === tickMs,
  )
}

/** The newest commits of a branch by first parents: after a step back, or onto another history, all of them are looked at anew. */
function historyOf({ remote }: Case, tip: CommitSha): CommitSha[] {
  const way: CommitSha[] = []
  for (let at: CommitSha | null = tip; at !== null && way.length < MOST_COMMITS; at = remote.commits.get(at)?.parent ?? null) way.push(at)
  return way
}
