import type { CommitSha } from '../../../src/git/ports.ts'
import { tickKey, type RunFacts } from '../facts.ts'
import type { LostCluster } from '../lost-cluster.ts'
import { SLACK_MS, type Case } from './case.ts'
import { scheduleInForce } from './ticks.ts'

/** Judges a run that is created after the loss of a cluster: what is recorded is not run again, nor is what had started, as far as the branch tells. */
export function checkRunAfterLoss(input: Case, run: RunFacts): void {
  const { lost } = input.facts
  const before = lost?.runs.get(run.name)
  if (lost?.branch == null || before === undefined) return
  const { recorded, copies } = lost.branch
  if (recorded.has(run.name)) return input.complain('recorded-again', `run ${run.name} has a record, and was created again after the loss`)
  const { trigger, commit } = run.run.spec
  if (trigger.kind === 'Push' && isPassed(input, commit as CommitSha, copies.lastCommit) && !isRewound(input)) {
    input.complain('started-again', `run ${run.name} of ${commit} had started before the loss, which the status branch tells, and was created again`)
  }
}

/** Judges, at the end, that each tick whose run went with the cluster is Lost, that no other is, and that those are run again whose schedule says so. */
export function checkLostTicks(input: Case): void {
  const { lost, fates, runs } = input.facts
  if (lost === null) return
  const started = startedTicks(lost)
  for (const { run, key, isTold } of started) {
    const found = [...(fates.get(key) ?? [])]
    if (isTold && found.join() !== 'Lost') input.complain('lost-untold', `tick ${key} had started and has no record, its fates are ${found.join()}`)
    const wishes = found.includes('Lost') ? wishesFor(input, key) : new Set<boolean>()
    const isAgain = runs.has(run.name)
    if (wishes.size === 1 && !wishes.has(isAgain))
      input.complain('after-loss', `tick ${key} was lost and ${isAgain ? 'run again against its schedule' : 'not run again as its schedule says'}`)
  }
  for (const [key, found] of fates) {
    if (found.has('Lost') && !started.some((tick) => tick.key === key)) input.complain('lost-untrue', `tick ${key} is Lost and had not started`)
  }
}

/** Whether a run is of a tick that was lost. */
export function isLostRun({ facts: { lost } }: Case, name: string): boolean {
  return lost !== null && startedTicks(lost).some(({ run }) => run.name === name)
}

/** Whether a push has a record of the time before the loss. */
export function wasPushRecorded({ facts: { lost } }: Case, workflow: string, commit: CommitSha): boolean {
  const isOf = ({ run: { spec } }: RunFacts): boolean => spec.trigger.kind === 'Push' && spec.workflow === workflow && spec.commit === commit
  return [...(lost?.branch?.recorded ?? [])].some((name) => {
    const run = lost?.runs.get(name)
    return run !== undefined && isOf(run)
  })
}

/** Ticks whose runs have no record; `isTold` where the status branch must know of them: it may, of others that were created as it was written. */
function startedTicks({ runs, branch }: LostCluster): { run: RunFacts; key: string; isTold: boolean }[] {
  if (branch === null) return []
  const { recorded, copies } = branch
  return [...runs.values()].flatMap((run) => {
    const { trigger } = run.run.spec
    if (trigger.kind !== 'Schedule' || recorded.has(run.name) || run.createdAtMs > copies.writtenAtMs) return []
    const tickMs = Date.parse(trigger.tick)
    const judgedUpToMs = copies.judgedUpToMs.get(trigger.schedule)
    if (judgedUpToMs !== undefined && tickMs > judgedUpToMs) return []
    const isTold = judgedUpToMs !== undefined || run.createdAtMs < copies.writtenAtMs - SLACK_MS
    return [{ run, key: tickKey(trigger.schedule, tickMs), isTold }]
  })
}

/** What the schedule, as it was in force when the tick was named Lost, says of running it again; both where that had just changed. */
function wishesFor(input: Case, key: string): Set<boolean> {
  const [schedule = '', tickMs] = key.split(' ')
  const isNamed = (fate: { schedule: string; at: string; fate: string }): boolean =>
    fate.fate === 'Lost' && fate.schedule === schedule && Date.parse(fate.at) === Number(tickMs)
  const { cursorWrites } = input.facts
  const named = cursorWrites.find(({ after }) => after.fates.some(isNamed))
  if (named === undefined) return new Set()
  const near = cursorWrites.filter(({ atMs }) => Math.abs(atMs - named.atMs) <= SLACK_MS)
  return new Set([...near, named].map(({ after }) => scheduleInForce(input, after, schedule)?.isRerunAfterLoss ?? false))
}

function isPassed({ remote }: Case, commit: CommitSha, lastCommit: string | null): boolean {
  return lastCommit !== null && remote.between(commit, lastCommit as CommitSha) !== null
}

/** Whether the branch was stepped back on since: what comes again then may run when it has no record. */
function isRewound({ facts, remote }: Case): boolean {
  return facts.cursorWrites.some(({ before, after }) => {
    const [from, to] = [before?.lastCommit ?? null, after.lastCommit]
    return from !== null && to !== null && remote.between(from as CommitSha, to as CommitSha) === null
  })
}
