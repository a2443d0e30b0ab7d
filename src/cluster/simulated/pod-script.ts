import type { StoredJob } from '../../runs/objects.ts'

/** How one pod behaves. Times in ms. */
export interface PodScript {
  /** From its creation until its container runs. */
  startMs: number
  /** From there until it ends by itself. */
  runMs: number
  exitCode: number
  /** Of containers that end otherwise than with `exitCode`, by name; init containers end with 0 unless named here, and at once. */
  exitCodes?: Readonly<Record<string, number>>
  log: string
  /** What its first container leaves as its termination message; cut as Kubernetes does. */
  message?: string
  /** From SIGTERM until it ends; killed with 137 when the grace period is shorter. */
  termMs: number
  /** The node is lost this long after the container began to run: the pod fails with condition DisruptionTarget. Null: it is not. */
  lostAfterMs: number | null
  /** It never starts, and this is why. */
  blocked?: string
}

/** Decides how the pods of a Job behave; `attempt` counts its pods from 0. */
export type PodScripts = (job: StoredJob, attempt: number) => PodScript

const PREFIX = 'simulated.fusee.dev/'

/** Annotations of a pod template that say how its pods behave when they run in the simulated cluster. */
export const POD_ANNOTATIONS = {
  /** Exit codes of the attempts, `1,1,0`; the last one rules from then on; `lost` for a pod that its node takes along half-way. Default 0. */
  exitCodes: `${PREFIX}exit-codes`,
  /** Seconds from start to end, default 1. */
  runSeconds: `${PREFIX}run-seconds`,
  /** Seconds from SIGTERM to end, default 0. */
  termSeconds: `${PREFIX}term-seconds`,
  /** What the pod prints. */
  log: `${PREFIX}log`,
  /** Its termination message. */
  message: `${PREFIX}message`,
} as const

/** Pods do what the annotations of their template say; without any they succeed after a second. */
export const annotatedPods: PodScripts = (job, attempt) => {
  const annotations = job.spec.template.metadata?.annotations ?? {}
  const codes = (annotations[POD_ANNOTATIONS.exitCodes] ?? '0').split(',')
  const code = codes[Math.min(attempt, codes.length - 1)]?.trim() ?? '0'
  const runMs = 1_000 * Number(annotations[POD_ANNOTATIONS.runSeconds] ?? '1')
  return {
    startMs: 0,
    runMs,
    exitCode: code === 'lost' ? 137 : Number(code),
    log: annotations[POD_ANNOTATIONS.log] ?? '',
    message: annotations[POD_ANNOTATIONS.message] ?? '',
    termMs: 1_000 * Number(annotations[POD_ANNOTATIONS.termSeconds] ?? '0'),
    lostAfterMs: code === 'lost' ? runMs / 2 : null,
  }
}
