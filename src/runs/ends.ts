import type { Condition, Pod, StoredJob } from './objects.ts'

/** The condition of this type that holds. */
export function conditionOf({ status }: StoredJob, type: string): Condition | undefined {
  return status?.conditions?.find((condition) => condition.type === type && condition.status === 'True')
}

/** Whether the Job has come to its end, whatever becomes of its object. */
export function isFinished(job: StoredJob): boolean {
  return conditionOf(job, 'Complete') !== undefined || conditionOf(job, 'Failed') !== undefined
}

/** Whether no process of the pod runs any more. */
export function isPodEnded({ status }: Pod): boolean {
  return status.phase === 'Succeeded' || status.phase === 'Failed'
}
