import type { Workflow } from '../definitions/workflow.ts'
import type { Pause, RunResult } from '../runs/run.ts'
import type { HeldRun } from './push.ts'
import type { RunRequest } from './run-request.ts'
import type { WrittenSuspension } from './suspension.ts'
import { repositorySuspension, suspensionAt, suspensionReason, suspensionsInForce } from './suspension.ts'

/** What the end of one run depends on to start others. */
export interface EndedRun {
  workflow: string
  run: string
  result: RunResult
}

/** The workflows in force, and what keeps them from running. */
export interface UpstreamInput {
  ended: EndedRun
  workflows: ReadonlyMap<string, { commit: string; definition: Pick<Workflow, 'name' | 'upstream' | 'suspend'> }>
  suspend: WrittenSuspension
  paused: Pause | undefined
  nowMs: number
}

/**
 * The runs that the end of another one starts: one of each workflow that names its workflow and its result. Without a `result` any end
 * counts but Skipped, which is none. A suspension holds them back for good, as it does with a push.
 */
export function planDownstream({ ended, workflows, suspend, paused, nowMs }: UpstreamInput): { requests: RunRequest[]; held: HeldRun[] } {
  const requests: RunRequest[] = []
  const held: HeldRun[] = []
  for (const { commit, definition } of workflows.values()) {
    if (!definition.upstream.some(({ workflow, result }) => workflow === ended.workflow && isMeant(result, ended.result))) continue
    const suspension = suspensionAt(
      suspensionsInForce([
        { subject: 'repository', suspend: repositorySuspension(suspend, paused) },
        { subject: `workflow ${definition.name}`, suspend: definition.suspend },
      ]),
      nowMs,
    )
    const trigger = { kind: 'Workflow', workflow: ended.workflow, run: ended.run } as const
    if (suspension === null) requests.push({ workflow: definition.name, commit, trigger, params: {} })
    else held.push({ workflow: definition.name, commit, reason: suspensionReason(suspension) })
  }
  return { requests, held }
}

function isMeant(wanted: RunResult | null, result: RunResult): boolean {
  return wanted === null ? result !== 'Skipped' : wanted === result
}
