import { jobName } from './names.ts'
import type { Attempt, StepStatus, StoredAttempt } from './run.ts'
import { stepKey } from './step-key.ts'

/** Attempts as a Run keeps them: a pod's name begins like its Job's, and the last one ends with its step. */
export function packAttempts(job: string, attempts: readonly Attempt[]): StoredAttempt[] {
  return attempts.map(({ pod, ...attempt }) => {
    const shared = sharedLength(pod, job)
    return { ...attempt, pod: shared < 4 || pod.includes('~') ? pod : `${shared}~${pod.slice(shared)}` }
  })
}

/** The attempts of a step that has ended, the times that are its own left out. */
export function withoutOwnTimes(step: StepStatus): StoredAttempt[] {
  return step.attempts.map((attempt) => {
    if (attempt.finishedAt === null || attempt.finishedAt !== step.finishedAt) return attempt
    const { finishedAt: _, ...rest } = attempt
    return rest
  })
}

/** The attempts of a step in full. */
export function attemptsOfStep(run: string, step: StepStatus): Attempt[] {
  return unpackAttempts(jobName(run, stepKey(step)), step)
}

/** The attempts of a step whose Job has this name, in full. */
export function unpackAttempts(job: string, step: StepStatus): Attempt[] {
  return step.attempts.map(({ pod, exitCode, startedAt, finishedAt = step.finishedAt ?? null }) => {
    const [, length, rest] = /^(\d+)~(.*)$/.exec(pod) ?? []
    return { pod: length === undefined ? pod : job.slice(0, Number(length)) + (rest ?? ''), exitCode, startedAt, finishedAt }
  })
}

function sharedLength(one: string, other: string): number {
  let length = 0
  while (length < one.length && one[length] === other[length]) length++
  return length
}
