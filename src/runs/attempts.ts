import { jobName } from './names.ts'
import type { Attempt, SeenAttempt, StepStatus, StoredAttempt } from './run.ts'
import { stepKey } from './step-key.ts'

/** Attempts as a Run keeps them: a pod's name begins like its Job's, and the last one ends with its step. */
export function packAttempts(job: string, attempts: readonly SeenAttempt[]): StoredAttempt[] {
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

/** The attempts of a step as its record has them. */
export function attemptsOfStep(run: string, step: StepStatus): Attempt[] {
  return unpackAttempts(jobName(run, stepKey(step)), step).map(({ pod, exitCode, startedAt, finishedAt }) => ({
    pod,
    exitCode,
    startedAt,
    finishedAt,
  }))
}

/** The attempts of a step whose Job has this name, in full. */
export function unpackAttempts(job: string, step: StepStatus): SeenAttempt[] {
  return step.attempts.map(({ pod, finishedAt = step.finishedAt ?? null, ...attempt }) => {
    const [, length, rest] = /^(\d+)~(.*)$/.exec(pod) ?? []
    return { ...attempt, pod: length === undefined ? pod : job.slice(0, Number(length)) + (rest ?? ''), finishedAt }
  })
}

function sharedLength(one: string, other: string): number {
  let length = 0
  while (length < one.length && one[length] === other[length]) length++
  return length
}
