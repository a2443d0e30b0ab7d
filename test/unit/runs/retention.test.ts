import { describe, expect, it } from 'vitest'
import { planRetention } from '../../../src/runs/retention.ts'
import type { StoredRun } from '../../../src/runs/run.ts'
import { aDefinition, aRun, NOON } from '../../support/builders.ts'

const retention = { succeeded: 2, failed: 1, maxAgeSeconds: 3600 }

function ended(name: string, minutesAgo: number, result: 'Succeeded' | 'Failed' | 'Cancelled', recorded = true): StoredRun {
  const finishedAt = new Date(NOON - minutesAgo * 60_000).toISOString()
  return aRun(aDefinition([]), {
    name,
    status: { phase: 'Finished', result, finishedAt, ...(recorded ? { recorded: { commit: 'c'.repeat(40), at: finishedAt } } : {}) },
  })
}

const swept = (...runs: StoredRun[]): string[] => planRetention(runs, () => retention, NOON).map((run) => run.metadata.name)

describe('retention', () => {
  it('keeps the newest of those that succeeded and of the others apart', () => {
    const runs = [
      ended('s1', 1, 'Succeeded'),
      ended('s2', 2, 'Succeeded'),
      ended('s3', 3, 'Succeeded'),
      ended('f4', 4, 'Failed'),
      ended('c5', 5, 'Cancelled'),
    ]
    expect(swept(...runs.reverse())).toEqual(['s3', 'c5'])
  })

  it('lets go what is too old, however few there are', () => {
    expect(swept(ended('old', 61, 'Succeeded'))).toEqual(['old'])
  })

  it('never names a run without record, or one that has not ended', () => {
    const running = aRun(aDefinition([]), { name: 'running' })
    expect(swept(ended('u1', 600, 'Succeeded', false), ended('u2', 601, 'Failed', false), running)).toEqual([])
  })

  it('counts each workflow for itself', () => {
    const other = ended('other', 50, 'Failed')
    other.spec.workflow = 'other'
    expect(swept(ended('mine', 1, 'Failed'), other)).toEqual([])
  })
})
