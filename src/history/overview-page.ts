import { inlineText, pageTime, resultMark, table } from './markdown.ts'
import type { OverviewRow } from './overview.ts'
import { overviewPagePath, pathSegment } from './paths.ts'
import { triggeredAtMs } from './record.ts'
import { formatTick } from '../clock.ts'

const ROWS_PER_PAGE = 100

/** How many pages so many rows take. */
export function overviewPageCount(rows: number): number {
  return Math.max(1, Math.ceil(rows / ROWS_PER_PAGE))
}

/** The pages `README.md`, `README-2.md` and so on: one row per workflow. */
export function overviewPages(repository: string, rows: readonly OverviewRow[]): string[] {
  const count = overviewPageCount(rows.length)
  return Array.from({ length: count }, (_, index) => {
    const shown = rows.slice(index * ROWS_PER_PAGE, (index + 1) * ROWS_PER_PAGE)
    const sections = [
      `# Runs of ${inlineText(repository)}`,
      shown.length === 0 ? 'There is no workflow yet.' : table(['Workflow', 'Last run', 'When', 'Trend', 'Next tick'], shown.map(rowCells)),
      ...(count === 1 ? [] : [links(count, index + 1)]),
      'All times are UTC. The trend ends with the newest run.',
    ]
    return `${sections.join('\n\n')}\n`
  })
}

function rowCells(row: OverviewRow): string[] {
  const name = inlineText(row.workflow)
  return [
    row.hasPage ? `[${name}](${pathSegment(row.workflow)}/README.md)` : name,
    lastRun(row),
    row.last === null ? '' : pageTime(formatTick(triggeredAtMs(row.last.trigger, row.last.createdAt))),
    row.trend.map(resultMark).reverse().join(''),
    row.nextTickAt === null ? '' : pageTime(row.nextTickAt),
  ]
}

function lastRun({ last }: OverviewRow): string {
  if (last === null) return 'none yet'
  return `${resultMark(last.result)} ${last.result}${last.failedStep === null ? '' : ` at ${inlineText(last.failedStep)}`}`
}

function links(count: number, current: number): string {
  const pages = Array.from({ length: count }, (_, index) => index + 1)
  return `Page ${pages.map((page) => (page === current ? `${page}` : `[${page}](${overviewPagePath(page).replace(/^.*\//, '')})`)).join(' · ')}`
}
