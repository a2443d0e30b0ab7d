import { expect } from 'vitest'
import type { LoggedJobs } from '../../src/cluster/ports.ts'
import type { Container } from '../../src/definitions/container.ts'
import type { Condition, Job, JobObservation, JobSpec, ObjectRef, Pod, PodSpec, StoredJob } from '../../src/runs/objects.ts'
import { LABELS } from '../../src/runs/objects.ts'
import { eventually } from './local-cluster.ts'

/** A cluster to be tested, and what its containers can do. */
export interface JobClusterUnderTest {
  jobs: LoggedJobs
  /** A namespace that holds nothing yet. */
  namespace: string
  /** A container that prints this text and ends with this code. */
  ending(exitCode: number, output?: string): Container
  /** A container that goes on until it is told to end, and then ends. */
  lasting(): Container
  /** A container that goes on until it is killed. */
  stubborn(): Container
  /** A container that fails at the first try of its Job and succeeds at the second. */
  failingOnce(): Container
  /** A container that prints this text, leaves it as its termination message and ends with this code. */
  leaving(exitCode: number, text: string): Container
  /** A Secret of the namespace with one key, `key`. */
  secret: { name: string; value: string }
  /** Jobs that this cluster does not have, and the field that each refusal names. */
  unsupported: readonly { spec: Partial<JobSpec>; field: string }[]
  close(): Promise<void>
}

/** What a test wants to be different about a Job. */
export interface JobChanges {
  name?: string
  run?: string
  finalizers?: string[]
  spec?: Partial<JobSpec>
  pod?: Partial<PodSpec>
}

/** Makes Jobs of one run on a cluster, and waits for what is seen of them. */
export interface JobBench {
  run: ObjectRef
  aJob(container: Container, over?: JobChanges): Job
  create(container: Container, over?: JobChanges): Promise<StoredJob>
  observe(job: StoredJob): Promise<JobObservation | null>
  observedWhen(what: string, job: StoredJob, holds: (observation: JobObservation) => boolean): Promise<JobObservation>
  /** Waits for Complete or Failed. */
  ended(job: StoredJob): Promise<JobObservation>
  gone(job: StoredJob): Promise<unknown>
}

/** A bench for one test. */
export function createJobBench({ jobs, namespace }: JobClusterUnderTest): JobBench {
  const run = { namespace, name: 'nightly-2345678923' }

  const aJob: JobBench['aJob'] = (container, over = {}) => ({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: over.name ?? 'nightly-load-2345678923',
      namespace,
      labels: { [LABELS.run]: over.run ?? run.name, [LABELS.step]: 'load' },
      ...(over.finalizers === undefined ? {} : { finalizers: over.finalizers }),
    },
    spec: {
      backoffLimit: 0,
      ...over.spec,
      template: {
        metadata: { labels: { [LABELS.run]: over.run ?? run.name } },
        spec: { restartPolicy: 'Never', containers: [{ name: 'step', image: 'busybox:1.36', ...container }], ...over.pod },
      },
    },
  })

  const observe: JobBench['observe'] = async (job) => (await jobs.observeJobs(run)).find((one) => one.job.metadata.name === job.metadata.name) ?? null

  const observedWhen: JobBench['observedWhen'] = (what, job, holds) =>
    eventually(what, async () => {
      const observation = await observe(job)
      return observation !== null && holds(observation) ? observation : null
    })

  return {
    run,
    aJob,
    observe,
    observedWhen,
    async create(container, over = {}) {
      const creation = await jobs.createJob(aJob(container, over))
      expect(creation.kind).toBe('Created')
      return creation.object
    },
    ended: (job) => observedWhen('the Job has ended', job, hasEnded),
    gone: (job) => eventually('the Job is gone', async () => (await observe(job)) === null),
  }
}

/** The condition of this type that holds. */
export function condition(observation: JobObservation, type: string): Condition | undefined {
  return observation.job.status?.conditions?.find((one) => one.type === type && one.status === 'True')
}

/** Whether the Job is at its end. */
export function hasEnded(observation: JobObservation): boolean {
  return (condition(observation, 'Complete') ?? condition(observation, 'Failed')) !== undefined
}

/** Whether a pod of it runs. */
export function isRunning({ pods }: JobObservation): boolean {
  return pods.some((pod) => pod.status.phase === 'Running')
}

/** Whether no pod of it is live. */
export function isIdle({ pods }: JobObservation): boolean {
  return pods.every((pod) => ['Succeeded', 'Failed'].includes(pod.status.phase))
}

/** Exit code of the first container of each pod. */
export function exitCodes(pods: Pod[]): (number | undefined)[] {
  return pods.map((pod) => pod.status.containerStatuses?.[0]?.state?.terminated?.exitCode)
}
