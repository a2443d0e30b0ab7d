import { formatTick } from '../clock.ts'
import { formatDuration } from './duration.ts'
import { inlineText, PAGE_END, pageTime, resultMark, table } from './markdown.ts'
import type { OverviewRow } from './overview.ts'
import { dayOf, overviewPagePath, pathSegment, recordName } from './paths.ts'
import { triggeredAtMs } from './record.ts'
import { durationMs } from './stats.ts'

const ROWS_PER_PAGE = 100
/** Most failing workflows that are named above the table. */
const MOST_NAMED = 10

/** How many pages so many rows take. */
export function overviewPageCount(rows: number): number {
  return Math.max(1, Math.ceil(rows / ROWS_PER_PAGE))
}

/** The pages `README.md`, `README-2.md` and so on: one row per workflow. The first begins with what fails. */
export function overviewPages(repository: string, rows: readonly OverviewRow[]): string[] {
  const count = overviewPageCount(rows.length)
  return Array.from({ length: count }, (_, index) => {
    const shown = rows.slice(index * ROWS_PER_PAGE, (index + 1) * ROWS_PER_PAGE)
    const sections = [
      `# Runs of ${inlineText(repository)}`,
      ...(index === 0 && rows.length > 0 ? [summary(rows)] : []),
      shown.length === 0 ? 'There is no workflow yet.' : table(['Workflow', 'Last run', 'When', 'Trend', 'Next tick'], shown.map(rowCells)),
      ...(count === 1 ? [] : [links(count, index + 1)]),
      'All times are UTC. The trend ends with the newest run.',
      PAGE_END,
    ]
    return `${sections.join('\n\n')}\n`
  })
}

function summary(rows: readonly OverviewRow[]): string {
  const failing = rows.filter(({ last }) => last?.result === 'Failed' || last?.result === 'TimedOut')
  const total = rows.length === 1 ? '1 workflow' : `${rows.length} workflows`
  if (failing.length === 0) return `${total}, none of which failed last.`
  const named = failing.slice(0, MOST_NAMED).map(workflowLink).join(', ')
  return `${total}; the last run failed of ${named}${failing.length > MOST_NAMED ? ` and ${failing.length - MOST_NAMED} more` : ''}.`
}

function rowCells(row: OverviewRow): string[] {
  return [
    workflowLink(row),
    lastRun(row),
    row.last === null ? '' : pageTime(formatTick(triggeredAtMs(row.last.trigger, row.last.createdAt))),
    row.trend.map(resultMark).reverse().join(''),
    row.nextTickAt === null ? '' : pageTime(row.nextTickAt),
  ]
}

function workflowLink(row: OverviewRow): string {
  const name = inlineText(row.workflow)
  return row.hasPage ? `[${name}](${pathSegment(row.workflow)}/README.md)` : name
}

function lastRun({ workflow, last }: OverviewRow): string {
  if (last === null) return 'none yet'
  const record = `${pathSegment(workflow)}/${dayOf(last.trigger, last.createdAt)}/${recordName(last)}.md`
  const ms = durationMs(last)
  const words = `${last.result}${last.failedStep === null ? '' : ` at ${inlineText(last.failedStep)}`}${ms === null ? '' : ` after ${formatDuration(ms)}`}`
  return `${resultMark(last.result)} [${words}](${record})`
}

function links(count: number, current: number): string {
  const pages = Array.from({ length: count }, (_, index) => index + 1)
  return `Page ${pages.map((page) => (page === current ? `${page}` : `[${page}](${overviewPagePath(page).replace(/^.*\//, '')})`)).join(' · ')}`
}
