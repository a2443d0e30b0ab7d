import { afterAll, beforeAll, describe, it } from 'vitest'
import { createLocalRunCluster } from '../../src/cluster/local/runs.ts'
import type { RunCluster } from '../../src/cluster/ports.ts'
import { plainWriteSite } from '../../src/crash-points.ts'
import { createSystemClock, createSystemRandom } from '../../src/system-clock.ts'
import { RUN_CASES } from '../cases/run-cases.ts'
import { carryOut } from '../support/carry-out-case.ts'
import { makeFolder, openRunner } from '../support/local-cluster.ts'
import { expectCase } from '../support/run-case.ts'

describe('the table of runs, as processes of this machine', () => {
  let home: Awaited<ReturnType<typeof makeFolder>>
  let runner: Awaited<ReturnType<typeof openRunner>>
  let runs: RunCluster
  const clock = createSystemClock()
  const random = createSystemRandom()

  beforeAll(async () => {
    home = await makeFolder()
    runner = await openRunner(home.path)
    runs = await createLocalRunCluster(runner.folder, { clock, random })
  })

  afterAll(async () => {
    await runner.close()
    await home.remove()
  })

  // All at once: each waits for its own processes.
  it.concurrent.each(RUN_CASES)('$name', async (one) => {
    const context = { clock, random, runs, jobs: runner.jobs, writeSite: plainWriteSite, report: () => undefined }
    expectCase(one, await carryOut(one, one.name, context))
  })
})
