import type { Container } from '../../src/definitions/container.ts'
import type { LocalJobs } from '../../src/cluster/local/jobs.ts'
import type { Job, JobObservation, JobSpec, PodSpec } from '../../src/runs/objects.ts'
import { processSource } from '../../src/cluster/local/process-identity.ts'
import { listProcesses } from '../../src/cluster/local/process-tree.ts'
import { eventually } from './local-cluster.ts'

/** The run of all Jobs below. */
export const RUN = { namespace: 'default', name: 'nightly' }

/** A Job whose one container runs a shell script. */
export function aShellJob(
  script: string,
  over: { name?: string; container?: Partial<Container>; pod?: Partial<PodSpec>; spec?: Partial<JobSpec>; finalizers?: string[] } = {},
): Job {
  const name = over.name ?? 'nightly-load'
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace: 'default', labels: { 'fusee.dev/run': RUN.name }, finalizers: over.finalizers ?? ['fusee.dev/record'] },
    spec: {
      backoffLimit: 0,
      template: { spec: { containers: [{ name: 'step', command: shell(script), ...over.container }], ...over.pod } },
      ...over.spec,
    },
  }
}

/** The command that runs a shell script; `$` is doubled as Kubernetes wants it. */
export function shell(script: string): string[] {
  return ['/bin/sh', '-c', script.replaceAll('$', '$$$$')]
}

/** What is seen of a Job. */
export async function observeJob(jobs: LocalJobs, name = 'nightly-load'): Promise<JobObservation> {
  const observation = (await jobs.observeJobs(RUN)).find(({ job }) => job.metadata.name === name)
  if (observation === undefined) throw new Error(`there is no Job ${name}`)
  return observation
}

/** Waits until what is seen of a Job is as wanted. */
export function observeUntil(jobs: LocalJobs, what: string, holds: (seen: JobObservation) => boolean, name?: string): Promise<JobObservation> {
  return eventually(what, async () => {
    const seen = await observeJob(jobs, name)
    return holds(seen) ? seen : null
  })
}

/** Waits for the Job's Complete or Failed condition. */
export function untilEnded(jobs: LocalJobs, name?: string): Promise<JobObservation> {
  return observeUntil(jobs, 'the Job has ended', (seen) => endOf(seen) !== null, name)
}

/** `Complete`, or the reason of `Failed`; null while the Job goes on. */
export function endOf({ job }: JobObservation): string | null {
  const end = job.status?.conditions?.find(({ type }) => type === 'Complete' || type === 'Failed')
  return end === undefined ? null : end.type === 'Complete' ? 'Complete' : end.reason
}

/** Phase and exit code of each pod, such as `Failed 3`. */
export function podEnds({ pods }: JobObservation): string[] {
  return pods.map(({ status }) => `${status.reason ?? status.phase} ${status.containerStatuses?.[0]?.state?.terminated?.exitCode ?? '-'}`)
}

/** Whether a process of this pid runs; one that has ended and that nobody has waited for does not. */
export function isRunning(pid: number): boolean {
  return listProcesses(processSource()).some((one) => one.pid === pid)
}
