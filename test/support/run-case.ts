import { expect } from 'vitest'
import { createDefinitionCache } from '../../src/definitions/definition-cache.ts'
import { loadDefinitions } from '../../src/definitions/load-definitions.ts'
import type { Workflow } from '../../src/definitions/workflow.ts'
import type { Files } from '../../src/definitions/files.ts'
import { encodeRecord, parseRecord, recordOf } from '../../src/history/record.ts'
import type { StoredRun } from '../../src/runs/run.ts'
import { stepKey } from '../../src/runs/step-key.ts'
import type { RunCase } from '../cases/run-case.ts'

/** Schemas are compiled once. */
const cache = createDefinitionCache()

/** The workflow of a case, read as any other is. Throws when it is not valid. */
export async function workflowOf({ spec, files: more = {} }: RunCase, files: (texts: Record<string, string>) => Files): Promise<Workflow> {
  const indented = spec.trim().replaceAll(/^/gm, '  ')
  const text = `apiVersion: fusee.dev/v1alpha1\nkind: Workflow\nmetadata: {name: case}\nspec:\n${indented}\n`
  const { workflows, diagnostics } = await loadDefinitions(files({ ...more, 'workflows/case.yaml': text }), { path: 'workflows', cache })
  const [workflow] = workflows
  if (workflow === undefined) throw new Error(JSON.stringify(diagnostics.filter(({ severity }) => severity === 'error')))
  return workflow
}

/** Compares the record of a run that has ended with what its case wants. */
export function expectCase(one: RunCase, run: StoredRun): void {
  const record = parseRecord(encodeRecord(recordOf(run)))
  const steps = record.steps.map(({ result, reason, ...step }) => [stepKey(step), result, ...(reason === null ? [] : [reason])].join(' '))
  expect({ steps, result: record.result }).toEqual({ steps: one.wantSteps, result: one.wantResult })
  if (one.wantReason !== undefined) expect(record.reason).toBe(one.wantReason)
  for (const [name, wantCodes] of Object.entries(one.wantExitCodes ?? {})) {
    expect(record.steps.find((step) => step.name === name)?.attempts.map(({ exitCode }) => exitCode)).toEqual(wantCodes)
  }
  for (const [name, wantResults] of Object.entries(one.wantResults ?? {})) {
    expect(record.steps.find((step) => step.name === name)?.results).toEqual(wantResults)
  }
}
