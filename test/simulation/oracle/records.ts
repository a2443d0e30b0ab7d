import { isDeepStrictEqual } from 'node:util'
import type { ClusterChange } from '../../../src/cluster/simulated/changes.ts'
import { FINALIZER, LABELS } from '../../../src/runs/objects.ts'
import type { StepStatus, StoredRun, TickFate } from '../../../src/runs/run.ts'
import { commitsOnBranch, recordsOnBranch, tickKey, unfoldTicks, type RunFacts } from '../facts.ts'
import type { StatusCommit } from '../git-remote.ts'
import type { Case } from './case.ts'

/** Judges a change of a Run, a Job or the status branch at the moment at which it comes about. `byUser`: not the controller's doing. */
export function checkChange(input: Case, change: ClusterChange, byUser: boolean): void {
  if (change.kind === 'Run') checkRunChange(input, change.before, change.after)
  if (change.kind === 'Job' && change.before !== null && !byUser) checkRelease(input, change.before, change.after)
}

function checkRunChange(input: Case, before: StoredRun | null, after: StoredRun | null): void {
  const run = after ?? before
  if (run === null) return
  const { name } = run.metadata
  const isOnBranch = input.facts.records.has(name)
  if (before === null) {
    const mayBeForgotten = input.facts.isHarmed && !recordsOnBranch(input.facts).has(name)
    if (input.facts.runs.get(name)?.creations !== 1 && !mayBeForgotten) input.complain('run-twice', `run ${name} was created again`)
    if (!mayStart(input)) input.complain('unclaimed', `run ${name} was created before the status branch was claimed`)
    return
  }
  if (after === null && !isOnBranch) input.complain('swept-unrecorded', `run ${name} is gone, its record is not on the status branch`)
  if (run.status?.recorded !== undefined && !isOnBranch)
    input.complain('marked-unrecorded', `run ${name} is marked as recorded, its record is not there`)
  if (before.status?.phase === 'Finished' && run.status?.result !== before.status.result) {
    input.complain('result-changed', `run ${name} was ${before.status.result} and is ${run.status?.result}`)
  }
  for (const step of before.status?.steps ?? []) checkStepKept(input, name, step, run.status?.steps ?? [])
}

/** Whether the status branch is claimed; where it holds nothing of anybody's and cannot be written, that is waited for by records only. */
function mayStart({ facts: { statusCommits, claimedFrom, lost } }: Case): boolean {
  return statusCommits.length > claimedFrom || lost?.branch?.copies.writtenAtMs === -Infinity
}

function checkStepKept(input: Case, run: string, before: StepStatus, after: readonly StepStatus[]): void {
  if (before.state !== 'Ended') return
  const now = after.find((step) => step.name === before.name && step.kind === before.kind)
  if (now?.state !== 'Ended' || now.result !== before.result) {
    input.complain('step-changed', `step ${before.name} of ${run} was ${before.result} and is ${now?.state} ${now?.result ?? ''}`)
  }
}

/** A Job may only go once its result is in the Run. */
function checkRelease(input: Case, before: NonNullable<Extract<ClusterChange, { kind: 'Job' }>['before']>, after: typeof before | null): void {
  const isHeld = (job: typeof before | null): boolean => job?.metadata.finalizers?.includes(FINALIZER) ?? false
  if (!isHeld(before) || isHeld(after)) return
  const run = input.facts.runs.get(before.metadata.labels?.[LABELS.run] ?? '')
  const job = input.facts.jobs.get(before.metadata.name)
  const step = run?.run.status?.steps.find(({ name, kind }) => name === job?.step && (kind === 'Undo') === job.isUndo)
  if (step?.state !== 'Ended')
    input.complain('released-early', `Job ${before.metadata.name} was released while its step was ${step?.state ?? 'unknown'}`)
}

/** Judges a commit on the status branch: nothing but `history/`, on top of where it was, records of finished runs only. */
export function checkStatusCommit(input: Case, commit: StatusCommit, last: StatusCommit['parent']): void {
  if (commit.parent !== last) input.complain('no-fast-forward', `status commit ${commit.sha} follows ${commit.parent}, the branch was at ${last}`)
  for (const path of commit.changes.keys())
    if (!path.startsWith('history/')) input.complain('foreign-path', `status commit ${commit.sha} touches ${path}`)
  for (const name of trailersOf(commit.message)) {
    const run = input.facts.runs.get(name) ?? input.facts.lost?.runs.get(name)
    if (run?.finishedAtMs === null || run === undefined) input.complain('recorded-early', `the record of ${name} was written before its end`)
    if (!input.facts.records.has(name)) input.complain('trailer', `commit ${commit.sha} names ${name} without its record`)
  }
}

/** Judges, at the end, that every run has exactly one record, and a true one. */
export function checkRecord(input: Case, run: RunFacts): void {
  const record = input.facts.records.get(run.name)
  if (record === undefined) return input.complain('no-record', `run ${run.name} finished and has no record`)
  const isAgain = input.facts.isHarmed && run.creations > 1
  if (record.contents.length > 1 && !isAgain)
    input.complain('record-changed', `the record of ${run.name} was written with ${record.contents.length} contents`)
  const all = input.facts.isHarmed ? commitsOnBranch(input.facts) : input.facts.statusCommits
  const commits = all.filter(({ message }) => trailersOf(message).includes(run.name))
  const isLost = input.facts.isHarmed && commits.length === 0
  if (commits.length !== 1 && !isLost) input.complain('record-twice', `run ${run.name} is in the trailers of ${commits.length} commits`)
  const { spec, status } = run.run
  const written = JSON.parse(record.contents.at(-1) ?? 'null') as Record<string, unknown> & { steps: { name: string; result: string }[] }
  const want = { run: run.name, workflow: spec.workflow, commit: spec.commit, result: status?.result, trigger: spec.trigger }
  const { run: name, workflow, commit, result, trigger, steps } = written
  if (!isDeepStrictEqual({ run: name, workflow, commit, result, trigger }, want)) {
    input.complain(
      'record',
      `the record of ${run.name} says ${JSON.stringify({ run: name, workflow, commit, result, trigger })}, wanted ${JSON.stringify(want)}`,
    )
  }
  const wantSteps = status?.steps.map((step) => `${step.name} ${step.result}`).join()
  if (steps.map((step) => `${step.name} ${step.result}`).join() !== wantSteps)
    input.complain('record-steps', `the record of ${run.name} has other steps`)
  if (spec.trigger.kind === 'Schedule' && !record.path.includes(spec.trigger.tick.slice(0, 10).replaceAll('-', '/'))) {
    input.complain('record-day', `the record of ${run.name} lies at ${record.path}`)
  }
}

/** Judges, at the end, that a status branch that was deleted or reset has got back what the cluster held. */
export function checkRefill(input: Case): void {
  const there = recordsOnBranch(input.facts)
  const missing = [...(input.facts.owed ?? [])].filter((name) => !there.has(name))
  if (missing.length > 0) input.complain('refill', `the status branch lost the records of ${missing.join(', ')}, whose Runs were held`)
}

/** Judges, at the end, that every tick that did not simply fire is on the status branch, with the fate that the cursors gave it. */
export function checkTickFiles(input: Case): void {
  // What only the status branch held is gone with it.
  if (input.facts.isHarmed) return
  const files = new Map<string, string>()
  for (const { changes } of input.facts.statusCommits) {
    for (const [path, content] of changes) if (path.endsWith('/ticks.json')) files.set(path, Buffer.from(content ?? []).toString())
  }
  const written = new Map<string, string>()
  for (const [path, text] of files) {
    const { ranges } = JSON.parse(text) as { ranges: { schedule: string; fate: string; from: string; to: string; count: number }[] }
    for (const { schedule, fate, from, to, count } of ranges) {
      for (const tick of unfoldTicks(from, to, count)) {
        const key = tickKey(schedule, tick)
        if (written.has(key)) input.complain('tick-file-twice', `${key} is written again in ${path}`)
        written.set(key, fate)
      }
    }
  }
  for (const [key, fates] of input.facts.fates) {
    if (!fates.has('Fired') && !fates.has((written.get(key) ?? 'Fired') as TickFate['fate'])) {
      input.complain('tick-unwritten', `tick ${key} is ${[...fates].join()}, the status branch says ${written.get(key) ?? 'nothing'}`)
    }
  }
}

function trailersOf(message: string): string[] {
  return [...message.matchAll(/^Fusee-Run: (.+)$/gm)].map(([, run]) => run ?? '')
}
