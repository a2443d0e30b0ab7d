import type { CommitSha } from '../../../src/git/ports.ts'
import type { Facts, RunFacts } from '../facts.ts'
import type { GitRemote } from '../git-remote.ts'
import type { RepositoryModel, ScheduleModel, StepModel, WorkflowModel } from '../model.ts'

/** What the oracle judges: everything that happened, and what the authors meant. */
export interface Case {
  facts: Facts
  remote: GitRemote
  models: ReadonlyMap<CommitSha, RepositoryModel>
  /** What each schedule was when its cursor began, by name: the form in the cursors is the product's own affair. */
  begun: Map<string, { form: string; schedule: ScheduleModel }>
  now: () => number
  /** Most steps of the whole Repository that may be active at once. */
  maxParallelSteps: number
  /** Whether the controller's clock never differs from the world's. */
  isClockTrue: boolean
  /** What a run's param `go` is. */
  goOf: (run: RunFacts) => boolean
  /** Something is not as the product says. `rule` is a stable word. */
  complain: (rule: string, message: string) => void
}

/** Calls take virtual time; a rule about times leaves them this much, in ms. */
export const SLACK_MS = 20_000

/** What was meant by a workflow at a commit; null when it is not there. */
export function workflowAt({ models }: Pick<Case, 'models'>, commit: string, name: string): WorkflowModel | null {
  return models.get(commit as CommitSha)?.workflows.find((workflow) => workflow.name === name) ?? null
}

/** What was meant by the workflow of a run. */
export function workflowOf(input: Pick<Case, 'models'>, { run }: RunFacts): WorkflowModel | null {
  return workflowAt(input, run.spec.commit, run.spec.workflow)
}

/** A step of a workflow, also by the name of an expansion, and whether it is a `finally` step. */
export function stepOf(workflow: WorkflowModel, unit: string): { step: StepModel; isFinally: boolean } | null {
  const name = unit.replace(/\/\d+$/, '')
  const own = workflow.steps.find((step) => step.name === name)
  if (own !== undefined) return { step: own, isFinally: false }
  const last = workflow.finally.find((step) => step.name === name)
  return last === undefined ? null : { step: last, isFinally: true }
}
