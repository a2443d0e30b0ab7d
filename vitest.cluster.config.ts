import { defineConfig } from 'vitest/config'
import { PlainSummary } from './test/support/plain-summary.ts'
import { PATIENCE } from './vitest.config.ts'

/** Files that take the API server or our kinds away for a while, or follow Repositories of all namespaces. */
const ALONE = ['test/e2e/kubernetes-inside.cluster.ts', 'test/e2e/kubernetes-restarts.cluster.ts']

/** Longer than tests wait for anything: what they waited for in vain is then said with what was seen. */
const LONGEST_MS = 400_000
const shared = { pool: 'forks', testTimeout: LONGEST_MS, hookTimeout: LONGEST_MS, expect: { poll: PATIENCE } } as const

/** Tests that need a real cluster, that of `KUBECONFIG`: `npm run test:kubernetes`. */
export default defineConfig({
  test: {
    globalSetup: ['test/support/build-once.ts', 'test/support/install-kinds.ts'],
    reporters: ['default', new PlainSummary()],
    projects: [
      {
        test: {
          ...shared,
          name: 'beside',
          include: ['test/**/*.cluster.ts'],
          exclude: ALONE,
          // More than cores: they wait for pods most of the time.
          maxWorkers: 3,
          maxConcurrency: 4,
          sequence: { groupOrder: 0 },
        },
      },
      { test: { ...shared, name: 'alone', include: ALONE, maxWorkers: 1, sequence: { groupOrder: 1 } } },
    ],
  },
})
