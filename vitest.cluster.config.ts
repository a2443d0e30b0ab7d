import { defineConfig } from 'vitest/config'
import { PlainSummary } from './test/support/plain-summary.ts'

/** Tests that need a real cluster, that of `KUBECONFIG`: `npm run test:kubernetes`. */
export default defineConfig({
  test: {
    include: ['test/**/*.cluster.ts'],
    globalSetup: ['test/support/build-once.ts', 'test/support/install-kinds.ts'],
    pool: 'forks',
    // One cluster for all of them, and some take its API server or our kinds away for a while.
    maxWorkers: 1,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters: ['default', new PlainSummary()],
  },
})
