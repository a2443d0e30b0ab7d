import { defineConfig } from 'vitest/config'
import { PlainSummary } from './test/support/plain-summary.ts'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/build-once.ts'],
    pool: 'forks',
    // Far above what any test takes: they catch a test that hangs, not a machine that is busy.
    testTimeout: 30_000,
    hookTimeout: 30_000,
    reporters: ['default', new PlainSummary()],
  },
})
