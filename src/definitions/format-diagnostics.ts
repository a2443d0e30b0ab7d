import type { Diagnostic } from './workflow.ts'

/** Makes text stand out on a terminal; picocolors' functions are such. */
export interface Colours {
  bold: (text: string) => string
  dim: (text: string) => string
  red: (text: string) => string
  yellow: (text: string) => string
}

const plain = (text: string): string => text
const NO_COLOURS: Colours = { bold: plain, dim: plain, red: plain, yellow: plain }

/** Longest part of a line that a code frame shows. */
const FRAME_WIDTH = 120
/** How much of a longer line stands before the marked place. */
const FRAME_LEAD = 40

/** Diagnostics for people: place, message, the line with a mark below the spot, and a summary. `sources` has the text of files by path; where it is missing there is no frame. */
export function formatDiagnostics(diagnostics: readonly Diagnostic[], sources: ReadonlyMap<string, string>, colours: Colours = NO_COLOURS): string {
  const linesOf = new Map([...sources].map(([file, text]): [string, string[]] => [file, text.replace(/^\uFEFF/, '').split('\n')]))
  const blocks = diagnostics.map((diagnostic) => formatDiagnostic(diagnostic, linesOf.get(diagnostic.file), colours))
  return [...blocks, formatSummary(diagnostics)].join('\n')
}

/** One line for each diagnostic in the form that GitHub Actions turns into annotations. */
export function formatGithubAnnotations(diagnostics: readonly Diagnostic[]): string {
  return diagnostics
    .map(({ file, line, column, severity, rule, message }) => {
      const properties = `file=${escapeProperty(file)},line=${line},col=${column},title=${escapeProperty(rule)}`
      return `::${severity} ${properties}::${escapeData(message)}\n`
    })
    .join('')
}

function formatDiagnostic(diagnostic: Diagnostic, lines: readonly string[] | undefined, colours: Colours): string {
  const { file, line, column, severity, rule, message } = diagnostic
  const colour = severity === 'error' ? colours.red : colours.yellow
  const head = `${colours.bold(printable(`${file}:${line}:${column}`))} ${colour(severity)} ${printable(message)} ${colours.dim(`(${rule})`)}\n`
  const source = lines?.[line - 1]
  return source === undefined ? head : head + formatFrame(source, diagnostic, colours)
}

function formatFrame(source: string, { line, column, severity }: Diagnostic, colours: Colours): string {
  const start = column > FRAME_WIDTH - FRAME_LEAD ? column - FRAME_LEAD : 0
  const shown = printable(source.replace(/\r$/, '').slice(start, start + FRAME_WIDTH))
  const gutter = String(line).padStart(5)
  const mark = '^'.repeat(markLength(shown.slice(column - 1 - start)))
  const colour = severity === 'error' ? colours.red : colours.yellow
  return `${colours.dim(`${gutter} | `)}${shown}\n${colours.dim(`${' '.repeat(gutter.length)} | `)}${' '.repeat(column - 1 - start)}${colour(mark)}\n`
}

/** The expression, the quoted text or the word at the spot; a colon within a word, as in the name of an image, is part of it. */
function markLength(rest: string): number {
  return /^(\$\{\{.*?\}\}|"[^"]*"|'[^']*'|(?:[^\s,:[\]{}]|:(?=[^\s,[\]{}]))+)/.exec(rest)?.[0].length ?? 1
}

function formatSummary(diagnostics: readonly Diagnostic[]): string {
  if (diagnostics.length === 0) return 'no problems\n'
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length
  const files = new Set(diagnostics.map(({ file }) => file))
  const counts = [count(errors, 'error'), count(diagnostics.length - errors, 'warning')].filter((text) => text !== '')
  return `${counts.join(' and ')} in ${count(files.size, 'file')}\n`
}

function count(number: number, noun: string): string {
  return number === 0 ? '' : `${number} ${noun}${number === 1 ? '' : 's'}`
}

/** Without what could move a terminal's cursor or turn text around; every character keeps its column. */
function printable(text: string): string {
  return text.replaceAll('\t', ' ').replaceAll(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '\ufffd')
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
