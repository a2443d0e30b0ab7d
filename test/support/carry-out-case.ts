import { expect } from 'vitest'
import type { RunCluster } from '../../src/cluster/ports.ts'
import { ConflictError } from '../../src/cluster/ports.ts'
import type { OnceOptions } from '../../src/controller/run-once.ts'
import { runOnce } from '../../src/controller/run-once.ts'
import { createRunObject } from '../../src/runs/create-run.ts'
import type { StoredRun } from '../../src/runs/run.ts'
import { isActive } from '../../src/runs/step-key.ts'
import type { RunRequest } from '../../src/triggers/run-request.ts'
import type { RunCase } from '../cases/run-case.ts'
import { createInMemoryFiles } from '../unit/definitions/in-memory-files.ts'
import { workflowOf } from './run-case.ts'

/** Name of the run of a case that is carried out. */
export function caseRunName(key: string): string {
  return createRunObject({ namespace: 'default', name: 'cases' }, requestOf(key, {})).metadata.name
}

/** Carries the run of a case out on these ports, and does what people do meanwhile. `people` are the ports without any faults. */
export async function carryOut(
  one: RunCase,
  key: string,
  context: OnceOptions['context'],
  { people = context.runs, namespace = 'default' }: { people?: RunCluster; namespace?: string } = {},
): Promise<StoredRun> {
  const run = createRunObject({ namespace, name: 'cases' }, { ...requestOf(key, one.params ?? {}), ...rerunOf(one) })
  const workflow = await workflowOf(one, createInMemoryFiles)
  let mostActive = 0
  const act = async (): Promise<void> => {
    const found = await people.getRun(run.metadata)
    mostActive = Math.max(mostActive, activeSteps(found))
    const change = found === null ? null : (one.act?.(found) ?? null)
    if (found === null || change === null) return
    try {
      await people.updateRun({ ...found, spec: { ...found.spec, ...change } })
    } catch (error) {
      // Whoever wrote in between has made an event, at which it is tried again.
      if (!(error instanceof ConflictError)) throw error
    }
  }
  const end = people.subscribe(() => void act())
  try {
    const ended = await runOnce({ context, run, workflow, maxParallelSteps: 50, cancel: new AbortController().signal })
    if (ended === null) throw new Error('the run was abandoned')
    if (one.wantMostActive !== undefined) expect(mostActive).toBe(one.wantMostActive)
    return ended
  } finally {
    end()
  }
}

/** Steps whose Job may run. */
export function activeSteps(run: StoredRun | null): number {
  return (run?.status?.steps ?? []).filter(isActive).length
}

function rerunOf({ carriedOver }: RunCase): Partial<RunRequest> {
  return carriedOver === undefined ? {} : { rerunOf: 'old', carriedOver }
}

function requestOf(key: string, params: Record<string, unknown>) {
  return { workflow: 'case', commit: 'a'.repeat(40), trigger: { kind: 'Manual', key, by: 'test' }, params } as const
}
