import { formatTick } from '../clock.ts'
import { formatDuration } from './duration.ts'
import { inlineText, pageTime, resultMark, table } from './markdown.ts'
import { durationChart } from './mermaid.ts'
import { dayOf, pathSegment } from './paths.ts'
import { triggeredAtMs } from './record.ts'
import type { RunDigest, TickDay, TickRow, WorkflowState } from './state.ts'
import { triggerText } from './trigger-text.ts'

const RUNS_SHOWN = 30

/** The page of a workflow: its last runs, their durations, and the ticks that did not fire, with the reason. */
export function workflowPage(state: WorkflowState): string {
  const runs = state.runs.slice(0, RUNS_SHOWN)
  const chart = durationChart(runs.flatMap((run) => durationMs(run) ?? []).reverse())
  const sections = [
    `# ${inlineText(state.workflow)}`,
    `## Last runs\n\n${runs.length === 0 ? 'None yet.' : runsTable(runs)}`,
    ...(chart === null ? [] : [`## Duration\n\n${chart}`]),
    ...(state.tickDays.length === 0 ? [] : [`## Ticks that did not fire\n\n${ticksTable(state.tickDays)}`]),
    'All times are UTC. [All workflows](../README.md)',
  ]
  return `${sections.join('\n\n')}\n`
}

function runsTable(runs: readonly RunDigest[]): string {
  const rows = runs.map((run) => {
    const ms = durationMs(run)
    return [
      `[${inlineText(run.run)}](${dayOf(run.trigger, run.createdAt)}/${pathSegment(run.run)}.md)`,
      `${resultMark(run.result)} ${run.result}${run.failedStep === null ? '' : ` at ${inlineText(run.failedStep)}`}`,
      triggerText(run.trigger, inlineText),
      pageTime(run.startedAt ?? formatTick(triggeredAtMs(run.trigger, run.createdAt))),
      ms === null ? '' : formatDuration(ms),
      `\`${run.commit.slice(0, 10)}\``,
    ]
  })
  return table(['Run', 'Result', 'Started by', 'When', 'Duration', 'Commit'], rows)
}

function ticksTable(days: readonly TickDay[]): string {
  const rows = days.flatMap(({ rows }) =>
    rows.map((row) => [
      inlineText(row.schedule),
      row.fate,
      row.count === 1 ? pageTime(row.from) : `${pageTime(row.from)} to ${pageTime(isSameDay(row) ? row.to.slice(11) : row.to)}, ${row.count} ticks`,
      inlineText(row.reason ?? ''),
    ]),
  )
  return table(['Schedule', 'Fate', 'Ticks', 'Reason'], rows)
}

function isSameDay({ from, to }: TickRow): boolean {
  return from.slice(0, 10) === to.slice(0, 10)
}

function durationMs(run: RunDigest): number | null {
  return run.startedAt === null ? null : Date.parse(run.finishedAt) - Date.parse(run.startedAt)
}
