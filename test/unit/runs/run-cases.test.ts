import { describe, expect, it } from 'vitest'
import { pinnedStatus } from '../../../src/controller/pin-definition.ts'
import { RUN_CASES } from '../../cases/run-cases.ts'
import { aRun, NOON } from '../../support/builders.ts'
import { activeSteps } from '../../support/carry-out-case.ts'
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
    let mostActive = 0
    const played = playRun({
      run: { ...run, status: { ...status, phase: 'Running' } },
      outcomes: (key) => one.outcomes?.[key] ?? {},
      act(seen) {
        mostActive = Math.max(mostActive, activeSteps(seen))
        return one.act?.(seen) ?? null
      },
    })
    if (one.wantMostActive !== undefined) expect(mostActive).toBe(one.wantMostActive)
    expectCase(one, played.run)
  })
})
