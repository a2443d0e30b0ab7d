import type { Job, JobObservation, ObjectRef, StoredJob } from '../runs/objects.ts'
import type { Cursors, Run, StoredRun } from '../runs/run.ts'

/** A write was based on a version that is no longer the newest: read again and decide again. */
export class ConflictError extends Error {
  override name = 'ConflictError'
}

/** This process does not hold the lease: nothing was written. */
export class NotLeaderError extends Error {
  override name = 'NotLeaderError'
}

/** A cluster elsewhere has not done what was asked of it, or its answer was lost: it may have happened all the same. */
export abstract class ClusterError extends Error {
  /** Whether the same may do in a while: the cluster is away or has too much to do. */
  abstract readonly isPassing: boolean
}

/** What came of a creation under a derived name. `Exists` returns what lies under that name; whether it is ours is the caller's question. */
export type Creation<T> = { kind: 'Created'; object: T } | { kind: 'Exists'; object: T }

/**
 * What has changed; a hint only, never the change itself: whoever hears it reads again. `version` is the `resourceVersion` that the change has made, null
 * when the Run is gone: so whoever has made it knows its own change again.
 */
export type ClusterEvent = { kind: 'Run'; ref: ObjectRef; version: string | null } | { kind: 'Job'; run: ObjectRef }

/**
 * Where Runs and the cursors of Repositories live. Reads see all writes that were answered before. Every method may
 * fail in passing with any other error than those named: the write may then have happened or not.
 */
export interface RunCluster {
  /** Creates the Run under its name, or returns the one that has it. Never overwrites. */
  createRun(run: Run): Promise<Creation<StoredRun>>
  getRun(ref: ObjectRef): Promise<StoredRun | null>
  /** All Runs of one Repository, or all, in no order. */
  listRuns(filter?: { namespace: string; repository: string }): Promise<StoredRun[]>
  /** Writes `spec`, `status`, and of `metadata` the finalizers and labels. Throws ConflictError when `metadata.resourceVersion` is not the newest or the Run is gone. */
  updateRun(run: StoredRun): Promise<StoredRun>
  /** Deletes the Run when its uid still matches; one with finalizers only gets a `deletionTimestamp`, and goes when they are lifted. Gone already is fine. */
  deleteRun(run: StoredRun): Promise<void>
  /** Cursors of a Repository; null before the first write. */
  readCursors(repository: ObjectRef): Promise<Cursors | null>
  /** Writes all cursors at once. Throws ConflictError when `resourceVersion` is not the newest ('' for the first write). */
  writeCursors(repository: ObjectRef, cursors: Cursors): Promise<Cursors>
  /** Hears of every change of a Run, also of changes by others. Returns the end of it. */
  subscribe(listener: (event: ClusterEvent) => void): () => void
}

/**
 * Where Jobs run. Job objects are plain batch/v1; pods and conditions are as Kubernetes shows them. A Job whose spec asks
 * for what this adapter does not have throws UnsupportedJobError from `createJob`, one that may not be made as things are JobRefusedError.
 */
export interface JobCluster {
  /** Creates the Job under its name, or returns the one that has it. Never overwrites, never runs an existing one again. */
  createJob(job: Job): Promise<Creation<StoredJob>>
  /** The Jobs that carry the label of this run, with their pods. Values of Secrets that a Job names are masked in its pods' messages. */
  observeJobs(run: ObjectRef): Promise<JobObservation[]>
  /** Every Job that was made for a Run that is an object, whoever made it and whether or not that Run is still there; in no order. */
  listJobs(): Promise<{ run: ObjectRef; job: StoredJob }[]>
  /** Puts labels on the Job; others that it has stay, and so do those of its pods. Gone already is fine. */
  relabelJob(job: StoredJob, labels: Readonly<Record<string, string>>): Promise<void>
  /**
   * Ends the Job: its processes or pods go (politely first, for the pod's grace period), and no new one comes. While it has a
   * finalizer the object stays, with a `deletionTimestamp`, and with its pods' last state. Returns before the pods are gone. Gone already is fine.
   */
  stopJob(job: StoredJob): Promise<void>
  /** Lifts Fusee's finalizer. Gone already is fine. */
  releaseJob(job: StoredJob): Promise<void>
  /** Deletes the Job, its pods and logs, once released. Gone already is fine. */
  deleteJob(job: StoredJob): Promise<void>
  /**
   * The last lines of a pod's log, of the newest one's unless `pod` names another: at most `maxBytes` of UTF-8, '' when there is none. Where they
   * cannot be had, as with a node away, it says so in their place. Values of Secrets that the Job names are masked.
   */
  readLogTail(job: StoredJob, maxBytes: number, pod?: string): Promise<string>
  /** Hears of every change of a Job or of its pods. Returns the end of it. */
  subscribe(listener: (event: ClusterEvent) => void): () => void
}

/** Jobs whose output can be followed. */
export interface LoggedJobs extends JobCluster {
  /**
   * Tells what the containers of the Job's pods print, from the first line on and as it comes; pieces may end within a line. Resolves when the
   * Job is over and all is told, or when the signal aborts. `pod` narrows that to one pod and its end. Values of Secrets that the Job names are masked.
   */
  followLog(job: StoredJob, hear: (text: string) => void, signal: AbortSignal, pod?: string): Promise<void>
}

/** Jobs of one run that nobody goes on with when it is abandoned. */
export interface AbandonableJobs extends LoggedJobs {
  /** Ends everything at once, without asking politely. */
  killAll(): Promise<void>
}

/** The cluster does not let the Job be made as things are, for a quota, say, or a rule of admission: none was made, and a later try may do. */
export class JobRefusedError extends Error {
  override name = 'JobRefusedError'
}

/** The Job asks for something that this cluster does not have, or that the cluster refuses as no Job. The message names the field and what to do. */
export class UnsupportedJobError extends Error {
  override name = 'UnsupportedJobError'
}
