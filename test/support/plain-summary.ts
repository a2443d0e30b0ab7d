import type { Reporter, SerializedError, TestModule } from 'vitest/node'

/** What the summary needs of a file of tests. */
export type EndedModule = Pick<TestModule, 'errors'> & {
  children: {
    allTests(): Iterable<{ result(): { state: 'passed' | 'failed' | 'skipped' | 'pending' } }>
    allSuites(): Iterable<Pick<TestModule, 'errors'>>
  }
}

/**
 * Ends a run of the tests with one plain line for programs: `12 passed, 1 failed, 2 skipped`, the last part only when there are some.
 * A run that breaks off before its end counts as one failure.
 */
export class PlainSummary implements Reporter {
  private summary = '0 passed, 1 failed'

  onInit(): void {
    // Nothing else gets to write after this.
    process.once('exit', () => process.stdout.write(`${this.summary}\n`))
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    this.summary = summarize(modules, unhandledErrors)
  }
}

/** The line for tests that have ended. What fails outside a test (a file that cannot be loaded, a hook, a promise that nobody awaits) counts too. */
export function summarize(modules: readonly EndedModule[], unhandledErrors: readonly unknown[]): string {
  const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 }
  for (const module of modules) {
    for (const test of module.children.allTests()) {
      const { state } = test.result()
      counts[state === 'pending' ? 'skipped' : state] += 1
    }
    for (const holder of [module, ...module.children.allSuites()]) counts.failed += holder.errors().length
  }
  const skipped = counts.skipped > 0 ? `, ${String(counts.skipped)} skipped` : ''
  return `${String(counts.passed)} passed, ${String(counts.failed)} failed${skipped}`
}
