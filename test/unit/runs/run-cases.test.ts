import { describe, it } from 'vitest'
import { pinnedStatus } from '../../../src/controller/pin-definition.ts'
import { RUN_CASES } from '../../cases/run-cases.ts'
import { aRun, NOON } from '../../support/builders.ts'
import { EXPRESSIONS, playRun } from '../../support/play-run.ts'
import { expectCase, workflowOf } from '../../support/run-case.ts'
import { createInMemoryFiles } from '../definitions/in-memory-files.ts'

describe('the table of runs, on the planner alone', () => {
  it.each(RUN_CASES)('$name', async (one) => {
    const workflow = await workflowOf(one, createInMemoryFiles)
    const carried = one.carriedOver === undefined ? {} : { rerunOf: 'old', carriedOver: one.carriedOver }
    const run = aRun({ ...workflow }, { spec: { workflow: 'case', params: one.params ?? {}, ...carried } })
    const status = pinnedStatus(workflow, run, EXPRESSIONS, NOON)
    if (status.phase === 'Finished') return expectCase(one, { ...run, status })
    const played = playRun({
      run: { ...run, status: { ...status, phase: 'Running' } },
      outcomes: (key) => one.outcomes?.[key] ?? {},
      ...(one.act === undefined ? {} : { act: one.act }),
    })
    expectCase(one, played.run)
  })
})
