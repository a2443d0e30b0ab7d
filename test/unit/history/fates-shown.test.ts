import { expect, it } from 'vitest'
import { historyTable } from '../../../src/cli/history-table.ts'
import { recordOf } from '../../../src/history/record.ts'
import { emptyState, parseState, encodeState, withRuns, withTickDay } from '../../../src/history/state.ts'
import { encodeTicks, mergeTicks, parseTicks } from '../../../src/history/ticks.ts'
import { workflowPage } from '../../../src/history/workflow-page.ts'
import type { TickFate } from '../../../src/runs/run.ts'
import { createCronTicks } from '../../../src/triggers/cron.ts'
import { explainSchedule } from '../../../src/triggers/explain-schedule.ts'
import { fateOf, finishedRun } from '../../support/history-builders.ts'
import { schedule } from '../triggers/tick-plans.ts'

const TICK = '2026-11-20T03:00:00Z'
const RUN = 'nightly-report-1'
const plain = { good: String, bad: String, dim: String } as unknown as Parameters<typeof historyTable>[1]

/** The type asks for a line of every fate that there is. What did not simply fire has a line of its own, with its reason. */
const FATES: Record<TickFate['fate'], { reason: string | null; run: string | null; isOdd: boolean }> = {
  Fired: { reason: null, run: RUN, isOdd: false },
  Late: { reason: 'the controller was down', run: RUN, isOdd: true },
  Skipped: { reason: 'suspended: site moves', run: null, isOdd: true },
  Missed: { reason: 'passed while nothing ran', run: null, isOdd: true },
  Backfilled: { reason: 'by ann', run: RUN, isOdd: true },
  Lost: { reason: 'it had started', run: RUN, isOdd: true },
}

it.each(Object.entries(FATES))('a tick that is %s shows, with its reason, in the history, in why, and on the page of its workflow', (name, given) => {
  const { reason, run, isOdd } = given
  const fate = name as TickFate['fate']
  const tick = fateOf(TICK, { fate, reason, run })
  const ranges = parseTicks(encodeTicks(tick.workflow, mergeTicks([], [tick])))
  const ofTick = ranges.map((range) => [range.from, range.fate, range.reason, range.run])
  expect(ofTick).toEqual(isOdd ? [[TICK, fate, reason, run]] : [])

  const told = explainSchedule({
    schedule: schedule({ name: tick.schedule }),
    ticks: createCronTicks({ cron: '0 * * * *', timeZone: 'Etc/UTC', seed: '' }),
    workflowCommit: null,
    cursor: null,
    fates: [tick],
    runs: [],
    suspensions: [],
    obstacle: null,
    nowMs: Date.parse('2026-11-20T03:30:00Z'),
  })
  const line = told.find((text) => text.includes(`${TICK} is ${fate}`))
  expect(line).toBeDefined()
  for (const part of [reason, run]) expect(line).toContain(part ?? '')

  const isRun = fate === 'Fired' || fate === 'Late' || fate === 'Backfilled'
  const ended = finishedRun({ name: RUN, trigger: { kind: 'Schedule', schedule: tick.schedule, tick: TICK } })
  const state = withTickDay(withRuns(emptyState(tick.workflow), isRun ? [ended] : []), '2026/11/20', ranges)
  const rows = workflowPage(parseState(encodeState(state)))
    .split('\n')
    .filter((text) => text.includes('03:00'))
  const cells = rows.map((row) => row.split('|').map((cell) => cell.trim()))
  expect(cells.filter((row) => row.includes(fate)).map((row) => row.includes(reason ?? ''))).toEqual(isOdd ? [true] : [])
  expect(rows.filter((row) => row.includes(RUN))).toHaveLength(isRun ? 1 : 0)
  if (isRun) expect(historyTable([recordOf(ended)], plain)).toContain(`${tick.schedule}, tick 2026-11-20 03:00`)
})
