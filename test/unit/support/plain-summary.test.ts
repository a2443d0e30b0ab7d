import { describe, expect, it } from 'vitest'
import { countTests, type EndedModule, formatSummary } from '../../support/plain-summary.ts'

type State = 'passed' | 'failed' | 'skipped' | 'pending'

function file(states: State[], errors = 0, suiteErrors = 0): EndedModule {
  const failures = (count: number) => Array.from({ length: count }, () => ({ message: 'broken' }))
  return {
    errors: () => failures(errors),
    children: {
      allTests: () => states.map((state) => ({ result: () => ({ state }) })),
      allSuites: () => [{ errors: () => failures(suiteErrors) }],
    },
  }
}

describe('the plain summary', () => {
  const cases: { title: string; modules: EndedModule[]; unhandled?: unknown[]; exitCode?: number; want: string }[] = [
    { title: 'adds up all files', modules: [file(['passed', 'passed']), file(['passed'])], want: '3 passed, 0 failed' },
    { title: 'names what was skipped or never ran', modules: [file(['passed', 'skipped', 'pending'])], want: '1 passed, 0 failed, 2 skipped' },
    { title: 'counts failed tests', modules: [file(['passed', 'failed'])], want: '1 passed, 1 failed' },
    { title: 'counts a file that cannot be loaded', modules: [file(['passed']), file([], 1)], want: '1 passed, 1 failed' },
    { title: 'counts a hook that fails', modules: [file(['skipped'], 0, 1)], want: '0 passed, 1 failed, 1 skipped' },
    { title: 'counts an error that no test waited for', modules: [file(['passed'])], unhandled: ['lost'], want: '1 passed, 1 failed' },
    { title: 'is zero without tests', modules: [], want: '0 passed, 0 failed' },
    { title: 'does not call a run good that ends badly', modules: [file(['passed'])], exitCode: 1, want: '1 passed, 1 failed' },
    { title: 'adds nothing to failures that explain the bad end', modules: [file(['failed', 'failed'])], exitCode: 1, want: '0 passed, 2 failed' },
  ]
  it.each(cases)('$title', ({ modules, unhandled = [], exitCode = 0, want }) => {
    expect(formatSummary(countTests(modules, unhandled), exitCode)).toBe(want)
  })
})
