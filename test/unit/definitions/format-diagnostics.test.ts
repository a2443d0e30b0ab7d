import { describe, expect, it } from 'vitest'
import { formatDiagnostics, formatGithubAnnotations } from '../../../src/definitions/format-diagnostics.ts'
import type { Diagnostic } from '../../../src/definitions/workflow.ts'

const ERROR: Diagnostic = {
  file: 'workflows/a.yaml',
  line: 2,
  column: 3,
  severity: 'error',
  rule: 'unknown-field',
  message: 'unknown field "timout"',
}
const TEXT = 'spec:\n  timout: 5m\n'

function format(diagnostic: Partial<Diagnostic>, text: string): string {
  return formatDiagnostics([{ ...ERROR, ...diagnostic }], new Map([[ERROR.file, text]]))
}

describe('diagnostics for people', () => {
  it('show place, message, line and mark, and a summary', () => {
    expect(format({}, TEXT)).toBe(
      [
        'workflows/a.yaml:2:3 error unknown field "timout" (unknown-field)',
        '    2 |   timout: 5m',
        '      |   ^^^^^^',
        '',
        '1 error in 1 file',
        '',
      ].join('\n'),
    )
  })

  it.each([
    { name: 'quoted text', text: 'spec:\n  "a b": 1\n', want: '      |   ^^^^^' },
    { name: 'an image', text: 'spec:\n  a/b:1.2, c\n', want: '      |   ^^^^^^^' },
    { name: 'a field', text: 'spec:\n  abc: d\n', want: '      |   ^^^' },
    { name: 'an expression', text: 'spec:\n  ${{ a }} b\n', want: '      |   ^^^^^^^^' },
    { name: 'a bracket', text: 'spec:\n  [1]\n', want: '      |   ^' },
    { name: 'the end of the line', text: 'spec:\n  \n', want: '      |   ^' },
    { name: 'a line with CR LF', text: 'spec:\r\n  a: 1\r\n', want: '    2 |   a: 1' },
    { name: 'a tab', text: 'spec:\n\t\ta: 1\n', want: '      |   ^' },
    { name: 'a byte order mark', text: '\uFEFFspec:\n  a: 1\n', want: '      |   ^' },
  ])('mark $name', ({ text, want }) => {
    expect(format({}, text).split('\n')).toContain(want)
  })

  it('show only the part of a long line that matters', () => {
    const lines = format({ column: 5001 }, `spec:\n${'x'.repeat(5000)}HERE ${'y'.repeat(5000)}\n`).split('\n')
    const mark = lines[2]?.indexOf('^') ?? 0
    expect(lines[1]?.slice(mark, mark + 4)).toBe('HERE')
    expect(lines[1]?.length).toBeLessThan(140)
  })

  it('have no frame where the source is not at hand, or shorter', () => {
    expect(formatDiagnostics([ERROR], new Map())).not.toContain('|')
    expect(format({ line: 9 }, TEXT)).not.toContain('|')
  })

  it('let nothing through that moves the cursor or turns text around', () => {
    const text = format({ message: 'x\u001b[2J\u202e', file: 'workflows/a.yaml' }, 'spec:\n  \u001b[31ma\u0007\u009b: 1\n')
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
  })

  it.each([
    { diagnostics: [], want: 'no problems\n' },
    { diagnostics: [ERROR, { ...ERROR, severity: 'warning' as const }], want: '1 error and 1 warning in 1 file\n' },
    { diagnostics: [ERROR, ERROR, { ...ERROR, file: 'b.yaml' }], want: '3 errors in 2 files\n' },
    { diagnostics: [{ ...ERROR, severity: 'warning' as const }], want: '1 warning in 1 file\n' },
  ])('end with $want', ({ diagnostics, want }) => {
    expect(formatDiagnostics(diagnostics, new Map()).endsWith(want)).toBe(true)
  })

  it('wear the colours that they are given', () => {
    const tag = (name: string) => (text: string) => `<${name}>${text}</${name}>`
    const text = formatDiagnostics([ERROR, { ...ERROR, severity: 'warning' }], new Map([[ERROR.file, TEXT]]), {
      bold: tag('bold'),
      dim: tag('dim'),
      red: tag('red'),
      yellow: tag('yellow'),
    })
    expect(text).toContain('<bold>workflows/a.yaml:2:3</bold> <red>error</red>')
    expect(text).toContain('<yellow>warning</yellow>')
    expect(text).toContain('<red>^^^^^^</red>')
  })
})

describe('annotations', () => {
  it('are one line each, with everything escaped that ends a line or a property', () => {
    const text = formatGithubAnnotations([{ ...ERROR, file: 'a,b:c.yaml', message: '50% of\nit' }])
    expect(text).toBe('::error file=a%2Cb%3Ac.yaml,line=2,col=3,title=unknown-field::50%25 of%0Ait\n')
  })
})
