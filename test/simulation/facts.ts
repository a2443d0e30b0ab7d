import type { ClusterChange } from '../../src/cluster/simulated/changes.ts'
import type { CommitSha } from '../../src/git/ports.ts'
import { FINALIZER, LABELS, type Pod, type StoredJob } from '../../src/runs/objects.ts'
import type { Cursors, StoredRun, TickFate } from '../../src/runs/run.ts'
import { jobName } from '../../src/runs/names.ts'
import { stepJob } from '../../src/runs/step-key.ts'
import type { StatusCommit } from './git-remote.ts'
import type { Review } from './reviewers.ts'
import type { LostCluster } from './lost-cluster.ts'

/** One Run, from its creation on; kept when the object is gone. */
export interface RunFacts {
  name: string
  createdAtMs: number
  /** How often an object of this name was created. */
  creations: number
  /** Newest version, also of one that is gone. */
  run: StoredRun
  finishedAtMs: number | null
  deletedByUser: boolean
  /** When it was cancelled or deleted. */
  cancelledAtMs: number | null
  isGone: boolean
}

/** One Job, likewise. */
export interface JobFacts {
  name: string
  run: string
  /** The step, or its expansion `<step>/<index>`. */
  step: string
  isUndo: boolean
  createdAtMs: number
  creations: number
  job: StoredJob
  pods: { pod: Pod; startedAtMs: number | null; endedAtMs: number | null }[]
  stoppedAtMs: number | null
  isReleased: boolean
  isGone: boolean
  /** Whether an earlier Job of this name was in the status of its Run: a name that nobody has noted proves nothing once somebody took the Job away. */
  wasKnown: boolean
}

/** Everything that has happened in one world; the oracle judges by it. */
export interface Facts {
  runs: Map<string, RunFacts>
  jobs: Map<string, JobFacts>
  /** Those of `jobs` by their run. */
  jobsOf: Map<string, JobFacts[]>
  cursors: Cursors | null
  cursorWrites: { atMs: number; before: Cursors | null; after: Cursors }[]
  /** Every fate that the cursors ever held, by `schedule tick`. */
  fates: Map<string, Set<TickFate['fate']>>
  /** Tips that a process has fetched, with the time of the first. */
  seenTips: Map<CommitSha, number>
  statusCommits: StatusCommit[]
  /** Where the status branch is. */
  statusTip: CommitSha | null
  /** Whether somebody has deleted or reset it. */
  isHarmed: boolean
  /** Runs that the cluster held, as recorded, when something was written first after that: their records must be there again. */
  owed: Set<string> | null
  /** Status commits before this many are of nobody's who may start something now. */
  claimedFrom: number
  /** The cluster before this one, if there was one; the rest tells of this one only. */
  lost: LostCluster | null
  /** Branches of review that are there, by name. */
  reviews: Map<string, Review>
  /** Contents of records on the status branch, by run; more than one when it changed. */
  records: Map<string, { path: string; contents: string[]; commits: number }>
}

/** Nothing has happened yet. */
export function createFacts(): Facts {
  return {
    runs: new Map(),
    jobs: new Map(),
    jobsOf: new Map(),
    cursors: null,
    cursorWrites: [],
    fates: new Map(),
    seenTips: new Map(),
    statusCommits: [],
    statusTip: null,
    isHarmed: false,
    owed: null,
    claimedFrom: 0,
    lost: null,
    reviews: new Map(),
    records: new Map(),
  }
}

/** Takes a change of the cluster into the facts. */
export function noteChange(facts: Facts, change: ClusterChange, atMs: number): void {
  switch (change.kind) {
    case 'Run':
      return noteRun(facts, change.before, change.after, atMs)
    case 'Cursors':
      facts.cursors = change.after
      facts.cursorWrites.push({ atMs, before: change.before, after: change.after })
      for (const fate of change.after.fates) noteFate(facts, fate)
      return
    case 'Job':
      return noteJob(facts, change.before, change.after, atMs)
    case 'Pod':
      return notePod(facts, change.job, change.after, atMs)
  }
}

/** Takes a commit on the status branch into the facts. */
export function noteStatusCommit(facts: Facts, commit: StatusCommit): void {
  facts.statusCommits.push(commit)
  facts.statusTip = commit.sha
  const isOfWriter = [...commit.changes.keys()].some((path) => path !== 'history/state/owner.json')
  if (facts.isHarmed && isOfWriter) facts.owed ??= new Set(heldRuns(facts).map(({ name }) => name))
  for (const [path, content] of commit.changes) {
    const name = recordNameOf(path)
    if (name === null) continue
    const record = facts.records.get(name) ?? { path, contents: [], commits: 0 }
    const text = content === null ? '' : Buffer.from(content).toString()
    if (record.contents.at(-1) !== text) record.contents.push(text)
    record.commits++
    facts.records.set(name, record)
  }
}

/** Somebody has deleted the status branch or set it back to `tip`. */
export function noteHarm(facts: Facts, tip: CommitSha | null): void {
  facts.statusTip = tip
  facts.isHarmed = true
  facts.owed = null
}

/** Recorded Runs that are still there. */
export function heldRuns(facts: Facts): RunFacts[] {
  return [...facts.runs.values()].filter(({ run, isGone }) => !isGone && run.status?.recorded !== undefined)
}

/** Commits of the status branch as it is now, or was at a commit. */
export function commitsOnBranch({ statusCommits, statusTip }: Facts, tip = statusTip): StatusCommit[] {
  const bySha = new Map(statusCommits.map((commit) => [commit.sha, commit]))
  const found: StatusCommit[] = []
  for (let at = tip === null ? undefined : bySha.get(tip); at !== undefined; at = at.parent === null ? undefined : bySha.get(at.parent)) {
    found.push(at)
  }
  return found
}

/** Names of the runs whose record is on the status branch now, or was at a commit. */
export function recordsOnBranch(facts: Facts, tip = facts.statusTip): Set<string> {
  return new Set(commitsOnBranch(facts, tip).flatMap(({ changes }) => [...changes.keys()].flatMap((path) => recordNameOf(path) ?? [])))
}

/** The run whose record lies at a path; null for another file. */
export function recordNameOf(path: string): string | null {
  const name = /^history\/[^/]+\/\d{4}\/\d\d\/\d\d\/([^/]+)\.json$/.exec(path)?.[1]
  return name === undefined || name === 'ticks' ? null : name
}

/** The key of a tick. */
export function tickKey(schedule: string, tickMs: number): string {
  return `${schedule} ${tickMs}`
}

/** The times of `count` ticks from one to another, all the same time apart. */
export function unfoldTicks(from: string, to: string, count: number): number[] {
  const spaceMs = count < 2 ? 0 : (Date.parse(to) - Date.parse(from)) / (count - 1)
  return Array.from({ length: count }, (_, index) => Date.parse(from) + index * spaceMs)
}

/** The Jobs of a run, in the order in which they were made. */
export function jobsOf(facts: Facts, run: string): readonly JobFacts[] {
  return facts.jobsOf.get(run) ?? []
}

/** The Job of a step or an expansion of one, or of its undo. */
export function jobOf(facts: Facts, run: string, step: string, isUndo = false): JobFacts | undefined {
  return jobsOf(facts, run).find((job) => job.step === step && job.isUndo === isUndo)
}

/** Whether a pod's container has run to its end well. */
export function hasSucceeded(job: JobFacts): boolean {
  return job.pods.some(({ pod }) => pod.status.phase === 'Succeeded')
}

/** What the pod that succeeded has left as results; null where that is none. */
export function resultsLeft({ pods }: JobFacts): { n: number; items: unknown[] } | null {
  const pod = pods.findLast((one) => one.pod.status.phase === 'Succeeded')?.pod
  const [, n, items] = /^n=(\d+)\nitems=(.*)$/.exec(pod?.status.containerStatuses?.[0]?.state?.terminated?.message ?? '') ?? []
  return n === undefined || items === undefined ? null : { n: Number(n), items: JSON.parse(items) as unknown[] }
}

/** Whether something of the Job runs or may still run. */
export function isActive(job: JobFacts): boolean {
  if (job.pods.some(({ endedAtMs }) => endedAtMs === null)) return true
  return !job.isGone && job.stoppedAtMs === null && !hasSucceeded(job) && !isExhausted(job)
}

/** Whether the Job has used up its retries; lost pods do not count. */
export function isExhausted({ job, pods }: JobFacts): boolean {
  const isDeadline = job.status?.conditions?.some(({ type }) => type === 'Failed') ?? false
  return isDeadline || countedFailures(pods.map(({ pod }) => pod)) > (job.spec.backoffLimit ?? 6)
}

function countedFailures(pods: readonly Pod[]): number {
  return pods.filter((pod) => pod.status.phase === 'Failed' && !isLostPod(pod)).length
}

/** Whether the pod went with its node. */
function isLostPod(pod: Pod): boolean {
  return (pod.status.conditions ?? []).some(({ type }) => type === 'DisruptionTarget')
}

function noteRun(facts: Facts, before: StoredRun | null, after: StoredRun | null, atMs: number): void {
  const run = after ?? before
  if (run === null) return
  const known = facts.runs.get(run.metadata.name)
  const isNew = before === null
  if (known === undefined || isNew) {
    const creations = (known?.creations ?? 0) + 1
    facts.runs.set(run.metadata.name, {
      name: run.metadata.name,
      createdAtMs: atMs,
      creations,
      run,
      finishedAtMs: null,
      deletedByUser: false,
      cancelledAtMs: null,
      isGone: false,
    })
    return
  }
  known.run = run
  known.isGone = after === null
  if (run.spec.cancel !== undefined || run.metadata.deletionTimestamp !== undefined) known.cancelledAtMs ??= atMs
  if (run.status?.phase === 'Finished') known.finishedAtMs ??= atMs
}

function noteJob(facts: Facts, before: StoredJob | null, after: StoredJob | null, atMs: number): void {
  const job = after ?? before
  if (job === null) return
  const { name, labels, finalizers, deletionTimestamp } = job.metadata
  const known = facts.jobs.get(name)
  if (known === undefined || before === null) {
    const run = labels?.[LABELS.run] ?? ''
    const step = labels?.[LABELS.step]?.replace('.', '/') ?? ''
    const made: JobFacts = {
      name,
      run,
      step,
      isUndo: name === jobName(run, `${step} undo`),
      createdAtMs: atMs,
      creations: (known?.creations ?? 0) + 1,
      job,
      pods: [],
      stoppedAtMs: null,
      isReleased: false,
      isGone: false,
      wasKnown: known !== undefined && hasNoted(facts, known),
    }
    facts.jobs.set(name, made)
    facts.jobsOf.set(run, [...jobsOf(facts, run).filter((one) => one !== known), made])
    return
  }
  known.job = job
  if (deletionTimestamp !== undefined) known.stoppedAtMs ??= atMs
  known.isReleased = !(finalizers ?? []).includes(FINALIZER)
  known.isGone = after === null
}

function hasNoted(facts: Facts, { run, name }: JobFacts): boolean {
  return facts.runs.get(run)?.run.status?.steps.some((step) => stepJob(run, step) === name) ?? false
}

function notePod(facts: Facts, job: StoredJob, pod: Pod, atMs: number): void {
  const known = facts.jobs.get(job.metadata.name)
  if (known === undefined) return
  let entry = known.pods.find((one) => one.pod.metadata.uid === pod.metadata.uid)
  if (entry === undefined) {
    entry = { pod, startedAtMs: null, endedAtMs: null }
    known.pods.push(entry)
  }
  entry.pod = pod
  if (pod.status.phase === 'Running') entry.startedAtMs ??= atMs
  if (pod.status.phase === 'Succeeded' || pod.status.phase === 'Failed') entry.endedAtMs ??= atMs
}

function noteFate(facts: Facts, { schedule, at, until, count, fate }: TickFate): void {
  for (const tick of unfoldTicks(at, until ?? at, count ?? 1)) {
    const key = tickKey(schedule, tick)
    facts.fates.set(key, (facts.fates.get(key) ?? new Set()).add(fate))
  }
}
