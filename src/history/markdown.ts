import { plainText } from '../runs/plain-text.ts'
import type { RunResult, StepResult } from '../runs/run.ts'

const LONGEST_INLINE = 200
const MOST_LOG_LINES = 40
const LONGEST_LOG = 8000

/** Stands after `@`, so that no forge takes what follows for a person to notify; takes no room. */
const ZERO_WIDTH_SPACE = '\u200b'

const PAGE_FORMAT = 1

/** Ends every page: pages of another format cannot be made again from their records, and are not compared with them. */
export const PAGE_END = `<!-- fusee page ${PAGE_FORMAT} -->`

/** Of which version of Fusee a page says it is; null where it says nothing, or a format that never was. */
export function pageAge(page: string): 'Older' | 'Ours' | 'Newer' | null {
  const format = Number(/<!-- fusee page (\d+) -->\n$/.exec(page)?.[1] ?? 0)
  if (format === 0) return null
  return format < PAGE_FORMAT ? 'Older' : format > PAGE_FORMAT ? 'Newer' : 'Ours'
}

/** What a result looks like at a glance. */
export function resultMark(result: RunResult | StepResult): string {
  switch (result) {
    case 'Succeeded':
      return '✅'
    case 'Failed':
      return '❌'
    case 'TimedOut':
      return '⏰'
    case 'Cancelled':
      return '🚫'
    case 'Skipped':
      return '⏩'
    case 'Cached':
      return '♻️'
  }
}

/**
 * Text of others as one line of Markdown, anywhere within a line or in a table's cell: it shows as it is and means nothing.
 * Entities are used throughout: a backslash before a pipe is read differently by different programs. Short names of emoji (`:x:`) and
 * references of GitLab (`!1`, `%1`) are among what has a meaning.
 */
export function inlineText(text: string, longest = LONGEST_INLINE): string {
  const line = plainText(text).replaceAll(/\s+/g, ' ').trim()
  const cut = line.length > longest ? `${line.slice(0, longest).replace(/[\ud800-\udbff]$/, '')}…` : line
  return cut
    .replaceAll(/[&<>|`*_~[\]\\#$]/g, entity)
    .replaceAll(/:(?=(?:[\w+-]*[a-z][\w+-]*|100|1234):)|[!%](?=\d)/gi, entity)
    .replaceAll('@', `@${ZERO_WIDTH_SPACE}`)
}

function entity(character: string): string {
  return `&#${character.charCodeAt(0)};`
}

/** The last lines of a log as a block in which nothing has a meaning. */
export function fencedLog(log: string): string {
  const lines = plainText(log).replace(/\n+$/, '').split('\n')
  const tail = lines
    .slice(-MOST_LOG_LINES)
    .join('\n')
    .slice(-LONGEST_LOG)
    .replace(/^[\udc00-\udfff]/, '')
  const longestRun = Math.max(0, ...[...tail.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(Math.max(3, longestRun + 1))
  return `${fence}text\n${tail}\n${fence}`
}

/** A table; cells must be Markdown of our own or have gone through `inlineText`. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

/** A time for people, to the second: `2026-11-20 01:00:00`, UTC as the page says. */
export function pageTime(at: string): string {
  return inlineText(at.replace('T', ' ').replace(/(\.\d+)?Z$/, ''))
}
