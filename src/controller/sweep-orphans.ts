import type { Context } from '../context.ts'
import { hasRecord } from '../history/read.ts'
import { LABELS } from '../runs/objects.ts'
import type { ObjectRef, StoredJob } from '../runs/objects.ts'
import type { StoredRun } from '../runs/run.ts'
import { deleteJobs } from './records.ts'
import type { RepositoryState } from './repository.ts'

/** What earlier looks have made of orphans, by uid: one that was seen once may only have been overtaken by its own Run. */
export type KnownOrphans = Map<string, 'Seen' | 'Kept'>

/** What there is, and who is followed. */
export interface Orphanage {
  /** To be listed before the Runs: then a Run is there for each Job that has one. */
  jobs: readonly { run: ObjectRef; job: StoredJob }[]
  runs: readonly StoredRun[]
  /** The state of a Repository that is followed here, by `namespace/name`. */
  stateOf: (key: string) => RepositoryState | undefined
  /** Whether there is such a Repository: one that cannot be followed for a while loses nothing. */
  exists: (key: string) => boolean
  known: KnownOrphans
}

/**
 * Runs of Repositories that nobody follows here any more, and Jobs whose Run is gone. What is recorded goes, Jobs and logs first, and so do Jobs
 * that somebody is deleting; the others are what is left of a run anywhere, so they are named and kept.
 */
export async function sweepOrphans(context: Context, { jobs, runs, stateOf, exists, known }: Orphanage): Promise<void> {
  for (const run of runs) {
    const key = `${run.metadata.namespace}/${run.spec.repository}`
    if (stateOf(key) !== undefined || exists(key)) continue
    const about = { repository: key, run: run.metadata.name }
    if (run.status?.recorded !== undefined) {
      await deleteJobs(context, run)
      await context.writeSite('run-swept', () => context.runs.deleteRun(run))
      context.report({ kind: 'RunSwept', ...about })
    } else keep(context, known, run.metadata.uid, { ...about, job: null })
  }
  const names = new Set(runs.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`))
  const orphaned = jobs.filter(({ run }) => !names.has(`${run.namespace}/${run.name}`))
  const uids = new Set([...runs.map(({ metadata }) => metadata.uid), ...orphaned.map(({ job }) => job.metadata.uid)])
  for (const uid of known.keys()) if (!uids.has(uid)) known.delete(uid)
  for (const { run, job } of orphaned) await sweepJob(context, run, job, { stateOf, exists, known })
}

async function sweepJob(context: Context, run: ObjectRef, job: StoredJob, orphanage: Omit<Orphanage, 'jobs' | 'runs'>): Promise<void> {
  const { stateOf, exists, known } = orphanage
  const { uid, name, labels, deletionTimestamp } = job.metadata
  const before = known.get(uid)
  if (before === undefined) known.set(uid, 'Seen')
  const isDeleted = deletionTimestamp !== undefined
  if (before === undefined || (before === 'Kept' && !isDeleted) || (await context.runs.getRun(run)) !== null) return
  const about = { repository: `${run.namespace}/${labels?.[LABELS.repository] ?? ''}`, run: run.name, job: name }
  const state = stateOf(about.repository)
  // Its status branch is not ours, or has not been read yet.
  if (state === undefined ? exists(about.repository) : !(state.claimed && state.ownerRead)) return
  if (!isDeleted && !(await isRecorded(state, labels?.[LABELS.workflow] ?? '', run.name))) return keep(context, known, uid, about)
  await context.writeSite('job-released', () => context.jobs.releaseJob(job))
  await context.writeSite('run-swept', () => context.jobs.deleteJob(job))
  context.report({ kind: 'OrphanSwept', ...about })
}

async function isRecorded(state: RepositoryState | undefined, workflow: string, run: string): Promise<boolean> {
  return state !== undefined && workflow !== '' && (await hasRecord(state.followed.status, workflow, run))
}

function keep(context: Context, known: KnownOrphans, uid: string, about: { repository: string; run: string; job: string | null }): void {
  if (known.get(uid) === 'Kept') return
  known.set(uid, 'Kept')
  context.report({ kind: 'OrphanFound', ...about })
}
