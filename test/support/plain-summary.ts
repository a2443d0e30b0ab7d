import type { Reporter, SerializedError, TestModule } from 'vitest/node'

/** What the summary needs of a file of tests. */
export type EndedModule = Pick<TestModule, 'errors'> & {
  children: {
    allTests(): Iterable<{ result(): { state: 'passed' | 'failed' | 'skipped' | 'pending' } }>
    allSuites(): Iterable<Pick<TestModule, 'errors'>>
  }
}

interface Counts {
  passed: number
  failed: number
  skipped: number
}

/**
 * Ends a run of the tests with one plain line for programs: `12 passed, 1 failed, 2 skipped`, the last part only when there are some.
 * A run that breaks off before its end, or ends badly for any other reason than a test, counts as one failure.
 */
export class PlainSummary implements Reporter {
  private counts: Counts = { passed: 0, failed: 0, skipped: 0 }

  onInit(): void {
    // Nothing else gets to write after this.
    process.once('exit', (code) => process.stdout.write(`${formatSummary(this.counts, code)}\n`))
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    this.counts = countTests(modules, unhandledErrors)
  }
}

/** What came of all tests. What fails outside a test (a file that cannot be loaded, a hook, a promise that nobody awaits) counts as failed too. */
export function countTests(modules: readonly EndedModule[], unhandledErrors: readonly unknown[]): Counts {
  const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 }
  for (const module of modules) {
    for (const test of module.children.allTests()) {
      const { state } = test.result()
      counts[state === 'pending' ? 'skipped' : state] += 1
    }
    for (const holder of [module, ...module.children.allSuites()]) counts.failed += holder.errors().length
  }
  return counts
}

/** The line. It never says that nothing failed when the exit code says otherwise. */
export function formatSummary({ passed, failed, skipped }: Counts, exitCode: number): string {
  const shownFailed = exitCode === 0 ? failed : Math.max(failed, 1)
  return `${String(passed)} passed, ${String(shownFailed)} failed${skipped > 0 ? `, ${String(skipped)} skipped` : ''}`
}
