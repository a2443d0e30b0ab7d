import { formatTick } from '../clock.ts'
import { formatDuration } from './duration.ts'
import { inlineText, PAGE_END, pageTime, resultMark, table } from './markdown.ts'
import { durationChart } from './mermaid.ts'
import { dayOf, recordName } from './paths.ts'
import { triggeredAtMs } from './record.ts'
import { durationMs, statsOf } from './stats.ts'
import type { RunDigest, TickDay, TickRow, WorkflowState } from './state.ts'
import { triggerText } from './trigger-text.ts'

const RUNS_SHOWN = 30

/** The page of a workflow: how it goes, its last runs, their durations, and the ticks that did not simply fire, with the reason. */
export function workflowPage(state: WorkflowState): string {
  const runs = state.runs.slice(0, RUNS_SHOWN)
  const chart = durationChart(runs.flatMap((run) => durationMs(run) ?? []).reverse())
  const sections = [
    '[All workflows](../README.md)',
    `# ${inlineText(state.workflow)}`,
    ...summary(state.runs),
    `## Last runs\n\n${runs.length === 0 ? 'None yet.' : runsTable(runs)}`,
    ...(chart === null ? [] : [`## Duration\n\n${chart}\n\nThe newest run is on the right.`]),
    ...(state.tickDays.length === 0 ? [] : [`## Ticks that did not simply fire\n\n${ticksTable(state.tickDays)}`]),
    'All times are UTC.',
    PAGE_END,
  ]
  return `${sections.join('\n\n')}\n`
}

function summary(runs: readonly RunDigest[]): string[] {
  const { counted, succeeded, p50Ms, p95Ms } = statsOf(runs)
  if (counted === 0) return []
  const parts = [
    counted === 1 ? `**The only run ${succeeded === 1 ? 'succeeded' : 'failed'}**` : `**${succeeded} of the last ${counted} runs succeeded**`,
    ...(p50Ms === null || p95Ms === null ? [] : [`half within ${formatDuration(p50Ms)}, 95 % within ${formatDuration(p95Ms)}`]),
    lastSuccess(runs),
  ]
  return [parts.join(' · ')]
}

function lastSuccess(runs: readonly RunDigest[]): string {
  const last = runs.find(({ result }) => result === 'Succeeded')
  return last === undefined ? 'no success among them' : `last success [${pageTime(last.finishedAt)}](${recordLink(last)})`
}

/** From the workflow's folder. */
function recordLink(run: RunDigest): string {
  return `${dayOf(run.trigger, run.createdAt)}/${recordName(run)}.md`
}

function runsTable(runs: readonly RunDigest[]): string {
  const rows = runs.map((run) => {
    const ms = durationMs(run)
    return [
      `[${inlineText(run.run)}](${recordLink(run)})`,
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
