import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/support/longest-first.ts'
import { PlainSummary } from './test/support/plain-summary.ts'

/** Of assertions that wait: for machines that are busy. */
export const PATIENCE = { timeout: 60_000, interval: 10 } as const

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/build-once.ts'],
    pool: 'forks',
    // Files share processes: loading everything again for each of a hundred files took a fifth of the whole time. So no test may leave
    // anything behind in its process: no environment, no working directory, no module with a state.
    isolate: false,
    // One more than cores: the longest files mostly wait for processes that they have started.
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: LongestFirst },
    // Far above what any test takes: they catch a test that hangs, not a machine that is busy.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: PATIENCE },
    reporters: ['default', new PlainSummary()],
  },
})
