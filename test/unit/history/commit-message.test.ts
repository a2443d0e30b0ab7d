import { describe, expect, it } from 'vitest'
import { claimMessage, commitMessage, releaseMessage } from '../../../src/history/commit-message.ts'
import { formatDuration } from '../../../src/history/duration.ts'
import { COMMIT, definedStep, endedStep, failedRun, fateOf, finishedRun } from '../../support/history-builders.ts'

const runs = (result: 'Succeeded' | 'Failed' | 'TimedOut', times: number) => Array.from({ length: times }, () => finishedRun({ result }))

describe('the subject of a commit', () => {
  const failed = failedRun()
  const tolerated = failedRun({
    steps: [endedStep('flaky', { result: 'Failed' }), endedStep('real', { result: 'Failed' })],
    status: {
      ...(failed.status?.definition === undefined
        ? {}
        : { definition: { ...failed.status.definition, steps: [definedStep('flaky', [], { allowFailure: true }), definedStep('real')] } }),
    },
  })
  const ticks = [fateOf('2026-11-20T01:00:00Z'), fateOf('2026-11-20T02:00:00Z', { fate: 'Skipped' }), fateOf('2026-11-20T03:00:00Z')]
  const table = [
    { name: 'a failed run', runs: [failed], ticks: [], wantSubject: 'nightly-report: Failed at measure after 3m12s [skip ci]' },
    {
      name: 'a run with a failure that is allowed',
      runs: [tolerated],
      ticks: [],
      wantSubject: 'nightly-report: Failed at real after 3m12s [skip ci]',
    },
    { name: 'a good run', runs: [finishedRun()], ticks: [], wantSubject: 'nightly-report: Succeeded after 3m12s [skip ci]' },
    {
      name: 'several runs',
      runs: [...runs('Succeeded', 6), ...runs('Failed', 1)],
      ticks: [],
      wantSubject: '7 runs: 6 Succeeded, 1 Failed [skip ci]',
    },
    { name: 'several runs and ticks', runs: runs('TimedOut', 2), ticks, wantSubject: '2 runs: 2 TimedOut [skip ci]' },
    { name: 'one tick', runs: [], ticks: ticks.slice(0, 1), wantSubject: 'nightly-report: tick 2026-11-20T01:00:00Z Missed [skip ci]' },
    { name: 'ticks of one workflow', runs: [], ticks, wantSubject: 'nightly-report: 3 ticks: 1 Skipped, 2 Missed [skip ci]' },
    {
      name: 'a range of ticks',
      runs: [],
      ticks: [fateOf('2026-11-20T01:00:00Z', { until: '2026-11-20T23:00:00Z', count: 23 })],
      wantSubject: 'nightly-report: 23 ticks: 23 Missed [skip ci]',
    },
    {
      name: 'ticks of several',
      runs: [],
      ticks: [...ticks, fateOf('2026-11-20T01:00:00Z', { workflow: 'x', fate: 'Lost' })],
      wantSubject: '4 ticks: 1 Skipped, 2 Missed, 1 Lost [skip ci]',
    },
  ]
  it.each(table)('tells $name', ({ runs, ticks, wantSubject }) => {
    expect(commitMessage(runs, ticks).split('\n')[0]).toBe(wantSubject)
  })

  it('leaves out the duration of what never started', () => {
    const run = finishedRun({ result: 'Skipped' })
    delete run.status?.startedAt
    expect(commitMessage([run], [])).toMatch(/^nightly-report: Skipped \[skip ci\]\n/)
  })
})

describe('the trailers of a commit', () => {
  it('name each run', () => {
    const message = commitMessage([failedRun(), finishedRun({ name: 'b' })], [])
    expect(message).toBe(
      [
        '2 runs: 1 Succeeded, 1 Failed [skip ci]',
        '',
        'Fusee-Run: nightly-report-9f3k2m7qxz',
        'Fusee-Workflow: nightly-report',
        `Fusee-Commit: ${COMMIT}`,
        'Fusee-Trigger: Schedule',
        'Fusee-Result: Failed',
        'Fusee-Run: b',
        'Fusee-Workflow: nightly-report',
        `Fusee-Commit: ${COMMIT}`,
        'Fusee-Trigger: Push',
        'Fusee-Result: Succeeded',
        '',
      ].join('\n'),
    )
  })

  it('cannot be forged by a name', () => {
    const message = commitMessage(
      [finishedRun({ name: 'x\nFusee-Result: Succeeded', workflow: 'w\r\n\r\nSigned-off-by: @ada', result: 'Failed' })],
      [],
    )
    expect(message.match(/^Fusee-Result: .*$/gm)).toEqual(['Fusee-Result: Failed'])
    expect(message).not.toMatch(/^Signed-off-by|@/m)
    expect(releaseMessage('a\nb', '@ada')).toBe('a b no longer owns this branch: taken over by (at)ada [skip ci]\n')
    expect(claimMessage('a\nb')).toBe('a b claims this branch [skip ci]\n')
  })
})

describe('a duration', () => {
  it.each([
    [Number.NaN, '0s'],
    [-5, '0s'],
    [850, '850ms'],
    [12_999, '12s'],
    [60_000, '1m'],
    [192_000, '3m12s'],
    [7_380_000, '2h3m'],
    [86_400_000, '1d'],
    [93_600_000, '1d2h'],
  ])('of %d ms reads %s', (ms, wantText) => {
    expect(formatDuration(ms)).toBe(wantText)
  })
})
