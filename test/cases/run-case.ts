import type { CarriedStep, RunSpec, StoredRun } from '../../src/runs/run.ts'
import { stepKey } from '../../src/runs/step-key.ts'
import type { Outcome } from '../support/play-run.ts'

/**
 * One run and what its record must say, whatever carries it out: the planner alone, the simulator with and without faults, this machine, a real
 * cluster. `outcomes` are what the scripts of the workflow come to, for those that run no scripts.
 */
export interface RunCase {
  name: string
  /** The workflow's `spec`, as YAML. */
  spec: string
  /** Beside the workflow: manifests, templates. */
  files?: Record<string, string>
  params?: Record<string, unknown>
  /** What the run takes over, as a rerun of the failed steps of run `old`. */
  carriedOver?: CarriedStep[]
  /** By stepKey; what is not named succeeds. */
  outcomes?: Record<string, Outcome>
  /** What people do when they see the run so. */
  act?: (run: StoredRun) => Partial<RunSpec> | null
  wantResult: string
  wantReason?: string
  /** `name Result Reason`, undos as `name undo …`, in the order of the record. */
  wantSteps: string[]
  wantResults?: Record<string, Record<string, unknown>>
  /** Most steps that are active at once, seen at least once. */
  wantMostActive?: number
  /** Exit codes of the tries, by the names of steps. */
  wantExitCodes?: Record<string, (number | null)[]>
}

/** When somebody did something. */
export const AT = '2026-11-20T12:00:00.000Z'

/** Does something once when a step is in this state. */
export function once(key: string, state: string, change: Partial<RunSpec>): (run: StoredRun) => Partial<RunSpec> | null {
  return ({ spec, status }) => {
    const isDone = Object.keys(change).every((field) => spec[field as keyof RunSpec] !== undefined)
    return !isDone && status?.steps.some((step) => stepKey(step) === key && step.state === state) === true ? change : null
  }
}

/** A Job whose end its variable CODE decides. */
export function manifest(code: number, before = 'true'): string {
  return `apiVersion: batch/v1
kind: Job
metadata: {name: any}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers: [{name: main, image: busybox, command: [sh, -c, '${before}; exit "$CODE"'], env: [{name: CODE, value: "${code}"}]}]
`
}

/** A Job that leaves a result `size`. */
export function resultsManifest(size: number): string {
  return `apiVersion: batch/v1
kind: Job
metadata: {name: any}
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{name: main, image: busybox, command: [sh, -c, 'echo "size=$SIZE" > "$FUSEE_RESULTS"'], env: [{name: SIZE, value: "${size}"}]}]
`
}
