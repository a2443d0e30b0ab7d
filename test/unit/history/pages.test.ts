import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fencedLog, inlineText, PAGE_END } from '../../../src/history/markdown.ts'
import { durationChart, stepGraph } from '../../../src/history/mermaid.ts'
import { overviewPages } from '../../../src/history/overview-page.ts'
import { recordGraph, recordPage } from '../../../src/history/record-page.ts'
import { recordOf } from '../../../src/history/record.ts'
import { emptyState, withRuns, withTickDay } from '../../../src/history/state.ts'
import { mergeTicks } from '../../../src/history/ticks.ts'
import { workflowPage } from '../../../src/history/workflow-page.ts'
import type { StoredRun } from '../../../src/runs/run.ts'
import type { RunDefinition } from '../../../src/definitions/workflow.ts'
import { definedStep, endedStep, failedRun, fateOf, finishedRun } from '../../support/history-builders.ts'

/** What could break out of where it is put. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '|',
        '\\|',
        '\\',
        '`',
        '```',
        '````',
        '~~~',
        '\n',
        '\r',
        '\n\n',
        '\n```\n',
        '<script>',
        '</td>',
        '<!--',
        '@everyone',
        '[x](http://evil)',
        '![',
        '\u001b[31m',
        '\u0000',
        '\ud800',
        '\u202e',
        '\n# ',
        '\n| a | b |\n',
        '"]',
        '-->',
        '#quot;',
        '&lt;',
        '$x$',
        '%%{init',
        '_',
        '*',
      ),
      fc.string({ unit: 'binary', maxLength: 5 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''))

describe('text of others in Markdown', () => {
  const table = [
    { name: 'a pipe', text: 'a|b', wantText: 'a&#124;b' },
    { name: 'an escaped pipe', text: 'a\\|b', wantText: 'a&#92;&#124;b' },
    { name: 'HTML', text: '<b>&amp;', wantText: '&#60;b&#62;&#38;amp;' },
    { name: 'code', text: '`x`', wantText: '&#96;x&#96;' },
    { name: 'a mention', text: 'cc @ada', wantText: 'cc @\u200bada' },
    { name: 'colour', text: '\u001b[1;31mred\u001b[0m', wantText: 'red' },
    { name: 'lines', text: ' a\r\n\tb\n', wantText: 'a b' },
    { name: 'half a character', text: 'a\ud83d', wantText: 'a\ufffd' },
    { name: 'a turned reading direction', text: 'a\u202eb', wantText: 'ab' },
    { name: 'too much', text: 'x'.repeat(500), wantText: `${'x'.repeat(200)}…` },
    { name: 'a cut in the middle of a character', text: `${'x'.repeat(199)}😀😀`, wantText: `${'x'.repeat(199)}…` },
    {
      name: 'ordinary words',
      text: 'measure exited with 3 (see step 2/4): no-such.file',
      wantText: 'measure exited with 3 (see step 2/4): no-such.file',
    },
  ]
  it.each(table)('shows $name as it is', ({ text, wantText }) => {
    expect(inlineText(text)).toBe(wantText)
  })

  it('never has a meaning within a line', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(inlineText(text).replaceAll(/&#\d+;/g, '')).not.toMatch(
          /[\n\r|`<>[\]\\*_~$#&\u0000-\u001f\u007f-\u009f\u202a-\u202e]|\p{Surrogate}|@(?!\u200b)/u,
        )
      }),
    )
  })

  it('stays within its block, whatever the log', () => {
    fc.assert(
      fc.property(hostile, (log) => {
        const lines = fencedLog(log).split('\n')
        const fence = /^`{3,}/.exec(lines[0] ?? '')?.[0] ?? ''
        expect(lines.filter((line) => line.trim().startsWith(fence))).toEqual([`${fence}text`, fence])
        expect(lines.at(-1)).toBe(fence)
        expect(lines.slice(1, -1).join('\n')).not.toMatch(/[\r\u0000-\u0008\u001b\u202e]|\p{Surrogate}/u)
      }),
    )
  })

  it('shows the end of a long log', () => {
    const lines = fencedLog(Array.from({ length: 100 }, (_, index) => `line ${index}`).join('\n')).split('\n')
    expect([lines[1], lines.at(-2), lines.length]).toEqual(['line 60', 'line 99', 42])
    expect(fencedLog('x'.repeat(100_000)).length).toBeLessThan(8100)
  })
})

describe('pages', () => {
  it('hold hostile names, messages and logs without breaking', () => {
    fc.assert(
      fc.property(hostile, hostile, hostile, (name, message, log) => {
        const run = failedRun({
          name,
          workflow: name,
          trigger: { kind: 'Manual', key: name, by: message },
          params: { [name]: message },
          steps: [endedStep(name, { result: 'Failed', reason: message, log })],
          status: { reason: name, message, definition: definitionOf([name, 'x']) },
        })
        const ranges = mergeTicks([], [fateOf('2026-11-20T01:00:00Z', { schedule: name, reason: message })])
        const state = withTickDay(withRuns(emptyState(name), [run]), '2026/11/20', ranges)
        const row = { workflow: name, hasPage: true, last: state.runs[0] ?? null, trend: [], nextTickAt: null }
        for (const page of [pageOf(run), workflowPage(state), ...overviewPages(name, [row])]) expectWhole(page)
      }),
    )
  })

  it('spread a large overview over pages that link to each other', () => {
    const rows = Array.from({ length: 201 }, (_, index) => ({ workflow: `w${index}`, hasPage: false, last: null, trend: [], nextTickAt: null }))
    const pages = overviewPages('a/b', rows)
    expect(pages).toHaveLength(3)
    expect(pages[1]).toContain('Page [1](README.md) · 2 · [3](README-3.md)')
    expect(pages.map((page) => page.split('\n').filter((line) => line.startsWith('| w')).length)).toEqual([100, 100, 1])
  })

  it('say so when there is nothing to show', () => {
    expect(overviewPages('a/b', [])).toEqual([
      '# Runs of a/b\n\nThere is no workflow yet.\n\nAll times are UTC. The trend ends with the newest run.\n\n<!-- fusee page 1 -->\n',
    ])
    expect(pageOf(finishedRun({ result: 'Cancelled', status: {} }))).toContain('No step was started.')
  })

  it('change by one row for a new run', () => {
    const runs = Array.from({ length: 5 }, (_, index) => finishedRun({ name: `r${index}`, createdAt: `2026-11-2${index}T01:00:00Z` }))
    const lines = (count: number): string[] => workflowPage(withRuns(emptyState('w'), runs.slice(0, count))).split('\n')
    const before = new Set(lines(4))
    expect(lines(5).filter((line) => !before.has(line) && line.startsWith('|'))).toHaveLength(1)
    expect(lines(5).filter((line) => !before.has(line))).toHaveLength(4)
  })

  it('begin with what fails, and link to it', () => {
    const rows = ['a', 'b', 'c'].map((workflow) => {
      const run = finishedRun({ name: `${workflow}-1`, workflow, result: workflow === 'b' ? 'Failed' : 'Succeeded' })
      return { workflow, hasPage: true, last: withRuns(emptyState(workflow), [run]).runs[0] ?? null, trend: [], nextTickAt: null }
    })
    const [page = ''] = overviewPages('a/b', rows)
    expect(page).toContain('\n\n3 workflows; the last run failed of [b](b/README.md).\n\n')
    expect(page).toContain('| [b](b/README.md) | ❌ [Failed after 3m12s](b/2026/11/20/b-1.md) |')
    expect(overviewPages('a/b', rows.slice(0, 1))[0]).toContain('\n1 workflow, none of which failed last.\n')
    const many = Array.from({ length: 12 }, (_, index) => rows.slice(1, 2).map((row) => ({ ...row, workflow: `w${index}` }))).flat()
    expect(overviewPages('a/b', many)[0]).toContain('[w9](w9/README.md) and 2 more.')
  })

  it('say how often a workflow succeeds, and how long it takes', () => {
    const runs = Array.from({ length: 4 }, (_, index) =>
      finishedRun({ name: `r${index}`, createdAt: `2026-11-2${index}T01:00:00Z`, result: index === 3 ? 'Failed' : 'Succeeded' }),
    )
    expect(workflowPage(withRuns(emptyState('w'), runs))).toContain(
      '**3 of the last 4 runs succeeded** · half within 3m12s, 95 % within 3m12s · last success [2026-11-22 01:03:13](2026/11/22/r2.md)',
    )
    expect(workflowPage(withRuns(emptyState('w'), runs.slice(3)))).toContain(
      '**The only run failed** · half within 3m12s, 95 % within 3m12s · no success among them',
    )
    expect(workflowPage(withRuns(emptyState('w'), [finishedRun({ result: 'Cancelled' })]))).not.toContain('succeeded')
  })

  it('draw an expanded step by its worst part, and no undo', () => {
    const steps = [
      endedStep('a/0'),
      endedStep('a/1', { result: 'Failed' }),
      endedStep('x'),
      endedStep('x', { kind: 'Undo' as 'Step', result: 'Failed' }),
    ]
    const page = pageOf(finishedRun({ steps, status: { definition: definitionOf(['a', 'x']) } }))
    expect(page).toContain('s0["a"]:::Failed\n  s1["x"]:::Succeeded\n')
  })

  it('say how late a tick was', () => {
    const trigger = { kind: 'Schedule', schedule: 's', tick: '2026-11-20T01:00:00Z' } as const
    expect(pageOf(finishedRun({ trigger, createdAt: '2026-11-20T01:12:30Z' }))).toContain('tick 2026-11-20 01:00, 12m30s late |')
    expect(pageOf(finishedRun({ trigger, createdAt: '2026-11-20T01:00:59Z' }))).toContain('tick 2026-11-20 01:00 |')
  })
})

describe('pictures', () => {
  it('draw steps, dependencies, conditions and results', () => {
    const definition = definitionOf(['a', 'b'])
    definition.steps[1]?.dependsOn.push({ step: 'a', when: 'Failed' })
    definition.finally.push(definedStep('end'))
    expect(stepGraph(definition, new Map([['a', 'Failed']]))).toBe(
      [
        '```mermaid',
        'flowchart LR',
        '  s0["a"]:::Failed',
        '  s1["b"]',
        '  subgraph last [finally]',
        '    s2["end"]',
        '  end',
        '  s0 -->|Failed| s1',
        '  s1 -.-> last',
        '  style last fill:none,stroke:#8c959f',
        '  classDef Failed fill:#ffdcd7,stroke:#cf222e,color:#82071e',
        '```',
      ].join('\n'),
    )
  })

  it('are left out when they are too large or show nothing', () => {
    expect(stepGraph(definitionOf(Array.from({ length: 101 }, (_, index) => `s${index}`)), new Map())).toBeNull()
    expect(stepGraph(definitionOf([]), new Map())).toBeNull()
    expect(durationChart([1000])).toBeNull()
  })

  it.each([
    { name: 'seconds', durationsMs: [1000, 119_999], wantBars: '"seconds" 0 --> 120\n  bar [1, 120]' },
    { name: 'minutes', durationsMs: [30_000, 7_199_000], wantBars: '"minutes" 0 --> 120\n  bar [0.5, 119.98]' },
    { name: 'hours', durationsMs: [3_600_000, 7_200_000], wantBars: '"hours" 0 --> 2\n  bar [1, 2]' },
  ])('show durations in $name', ({ durationsMs, wantBars }) => {
    expect(durationChart(durationsMs)).toContain(wantBars)
  })
})

function pageOf(run: StoredRun): string {
  const record = recordOf(run)
  return recordPage(record, recordGraph(record, run.status?.definition))
}

function definitionOf(names: readonly string[]): RunDefinition {
  const steps = names.map((name) => definedStep(name))
  return {
    labels: {},
    params: {},
    timeoutSeconds: null,
    retention: { succeeded: 1, failed: 1, maxAgeSeconds: 1 },
    failFast: false,
    maxParallel: null,
    concurrency: { policy: 'Allow', group: null, limit: 100 },
    steps,
    finally: [],
  }
}

/** Every fence is closed, every row of a table has as many cells as its head, headings are those that we wrote. */
function expectWhole(page: string): void {
  let fence: string | null = null
  let cells: number | null = null
  for (const line of page.split('\n')) {
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1]
    if (fence !== null) {
      if (mark !== undefined && mark.startsWith(fence) && line.trim() === mark) fence = null
      continue
    }
    if (mark !== undefined) {
      expect(line).toMatch(/^`{3,}(text|mermaid)$/)
      fence = mark
    }
    const found = line.startsWith('|') ? line.split('|').length : null
    if (cells !== null && found !== null) expect(found).toBe(cells)
    cells = found
    if (fence === null && !line.startsWith('|') && line !== PAGE_END) expect(line).not.toMatch(/<|^ *>|^( *[-+*]|\d+\.) /)
    if (line.startsWith('#')) expect(line).toMatch(/^(# |## (Steps|Last runs|Duration|Ticks that did not simply fire|Last lines of ))/)
  }
  expect(fence).toBeNull()
}

it('a workflow’s page tells of every tick that did not simply fire, with its reason', () => {
  const fates = [
    fateOf('2026-11-20T01:00:00Z', { fate: 'Late', reason: null, run: 'a' }),
    fateOf('2026-11-20T02:00:00Z', { fate: 'Backfilled', reason: 'by ann: the site was down', run: 'b' }),
    fateOf('2026-11-20T03:00:00Z', { fate: 'Skipped', reason: 'site moves', run: null }),
    fateOf('2026-11-20T04:00:00Z', { fate: 'Missed', reason: 'passed while nothing ran', run: null }),
    fateOf('2026-11-20T05:00:00Z', { fate: 'Lost', reason: 'its run has no record', run: 'c' }),
  ]
  const page = workflowPage(withTickDay(emptyState('nightly'), '2026/11/20', mergeTicks([], fates)))
  for (const { fate, reason } of fates) {
    const row = page.split('\n').find((line) => line.includes(`| ${fate} |`))
    expect(row, fate).toContain(reason ?? '')
  }
})
