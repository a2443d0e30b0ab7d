import Table from 'cli-table3'
import type { SimulatedRun, SimulatedTick, Simulation } from '../simulation/outcome.ts'
import { NO_LINES } from './no-lines.ts'
import type { Paint } from './paint.ts'

/** Beyond so many ticks only those are shown that are not simply well. */
const MOST_ROWS = 200

/** Ticks as a table for people, and what they come to. */
export function simulationTable({ ticks, runs }: Simulation, paint: Paint): string {
  const runByName = new Map(runs.map((run) => [run.run, run]))
  const odd = ticks.filter((tick) => !isWell(tick, runByName))
  const rows = foldTicks(ticks.length <= MOST_ROWS ? ticks : odd).slice(0, MOST_ROWS)
  const table = new Table({
    head: ['TICK (UTC)', 'SCHEDULE', 'FATE', 'RUN', 'RESULT'],
    chars: NO_LINES,
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
  })
  for (const { first, last, count } of rows) {
    const run = first.run === null ? undefined : runByName.get(first.run)
    const when = count === 1 ? minute(first.at) : `${minute(first.at)} to ${minute(last.at)}, ${count} ticks`
    table.push([when, first.schedule, fateText(first, paint), first.run ?? '', resultText(run, first, paint)])
  }
  const shown = rows.reduce((sum, { count }) => sum + count, 0)
  const lines =
    rows.length === 0
      ? []
      : table
          .toString()
          .split('\n')
          .map((line) => line.trimEnd())
  if (ticks.length > MOST_ROWS) lines.push(paint.dim(`${shown} of ${ticks.length} ticks: those that did not simply fire and succeed`))
  return `${[...lines, summary({ ticks, runs })].join('\n')}\n`
}

interface TickRow {
  first: SimulatedTick
  last: SimulatedTick
  count: number
}

/** Ticks of a schedule that follow one another without a run, for the same reason, in one row. */
function foldTicks(ticks: readonly SimulatedTick[]): TickRow[] {
  const rows: TickRow[] = []
  const newest = new Map<string, TickRow>()
  for (const tick of ticks) {
    const open = newest.get(tick.schedule)
    if (open !== undefined && tick.run === null && open.first.run === null && open.first.fate === tick.fate && open.first.reason === tick.reason) {
      open.last = tick
      open.count++
      continue
    }
    const row = { first: tick, last: tick, count: 1 }
    newest.set(tick.schedule, row)
    rows.push(row)
  }
  return rows
}

function minute(at: string): string {
  return at.slice(0, 16).replace('T', ' ')
}

/** Whether a tick fired and its run succeeded. */
export function isWell(tick: SimulatedTick, runs: ReadonlyMap<string, SimulatedRun>): boolean {
  return tick.fate === 'Fired' && tick.run !== null && runs.get(tick.run)?.result === 'Succeeded'
}

function fateText({ fate }: SimulatedTick, paint: Paint): string {
  return fate === 'Fired' ? paint.good(fate) : fate === 'Missed' || fate === 'Lost' ? paint.bad(fate) : paint.dim(fate)
}

function resultText(run: SimulatedRun | undefined, tick: SimulatedTick, paint: Paint): string {
  if (run === undefined) return tick.reason ?? ''
  if (run.result === null) return 'still running'
  return run.result === 'Succeeded' ? paint.good(run.result) : paint.bad(`${run.result}${run.message === null ? '' : `: ${run.message}`}`)
}

function summary({ ticks, runs }: Simulation): string {
  const counted = (words: readonly string[]): string =>
    [...new Set(words)]
      .sort()
      .map((word) => `${words.filter((one) => one === word).length} ${word}`)
      .join(', ')
  const fates = ticks.length === 0 ? 'no ticks' : `${ticks.length} ticks: ${counted(ticks.map(({ fate }) => fate))}`
  const results = runs.length === 0 ? 'no runs' : `${runs.length} runs: ${counted(runs.map(({ result }) => result ?? 'still running'))}`
  return `${fates}; ${results}`
}
