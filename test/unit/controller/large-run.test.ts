import { describe, expect, it } from 'vitest'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openDataFolder } from '../../../src/cluster/local/data-folder.ts'
import { createLocalRunCluster } from '../../../src/cluster/local/runs.ts'
import { makeFolder } from '../../support/local-cluster.ts'
import { createSimulatedCluster } from '../../../src/cluster/simulated/cluster.ts'
import { encodeStatus } from '../../../src/cluster/kubernetes/run-codec.ts'
import { runOnce } from '../../../src/controller/run-once.ts'
import { plainWriteSite } from '../../../src/crash-points.ts'
import { createRunObject } from '../../../src/runs/create-run.ts'
import type { JobObservation, Pod } from '../../../src/runs/objects.ts'
import type { StoredRun } from '../../../src/runs/run.ts'
import { createSeededRandom } from '../../../src/simulation/seeded-random.ts'
import { createVirtualClock } from '../../../src/simulation/virtual-clock.ts'
import { NOON } from '../../support/builders.ts'
import { workflowOf } from '../../support/run-case.ts'
import { createInMemoryFiles } from '../definitions/in-memory-files.ts'

/** Contract: the object of a run with a thousand expanded steps stays below this. */
const MOST_BYTES = 300_000

/** Text that nothing packs. */
const noise = (seed: string, length: number): string => {
  const known = noises.get(seed)
  if (known !== undefined) return known
  const random = createSeededRandom(seed)
  const text = Array.from({ length }, () => String.fromCharCode(random.integer(33, 126))).join('')
  noises.set(seed, text)
  return text
}

const noises = new Map<string, string>()

function sayMuch(observation: JobObservation): JobObservation {
  const pods = observation.pods.map((pod): Pod => {
    const [container] = pod.status.containerStatuses ?? []
    const terminated = container?.state?.terminated
    if (container === undefined || terminated === undefined) return pod
    const said = { ...terminated, reason: 'ContainerCannotRun', message: noise(pod.metadata.name, 60).padEnd(2000, 'y') }
    return { ...pod, status: { ...pod.status, containerStatuses: [{ ...container, state: { terminated: said } }] } }
  })
  return { ...observation, pods }
}

describe('a run of a thousand steps that all fail, each with much to say', () => {
  let ended: StoredRun | null = null

  it('ends, and its object stays small in what is stored, here as in a cluster', async () => {
    const clock = createVirtualClock(NOON)
    let calls = 0
    const scripts = () => ({ startMs: 0, runMs: 1000, exitCode: 3, log: noise(`log ${calls++ % 10}`, 5000), termMs: 0, lostAfterMs: null })
    const { runs, jobs } = createSimulatedCluster({ clock, random: createSeededRandom('large'), scripts })
    const observeJobs = async (run: Parameters<typeof jobs.observeJobs>[0]) => (await jobs.observeJobs(run)).map(sayMuch)
    const context = {
      clock,
      random: createSeededRandom('queue'),
      runs,
      jobs: { ...jobs, observeJobs },
      writeSite: plainWriteSite,
      report: () => undefined,
    }
    const items = JSON.stringify(Array.from({ length: 999 }, (_, index) => index))
    const spec = `
steps:
  - {name: each, image: busybox, script: 'false', forEach: ${items}}
  - {name: after, image: busybox, script: 'true', dependsOn: [each]}
`
    const workflow = await workflowOf({ name: '', spec, wantResult: '', wantSteps: [] }, createInMemoryFiles)
    const trigger = { kind: 'Manual', key: 'large', by: 'ann' } as const
    const run = createRunObject(
      { namespace: 'default', name: 'jobs' },
      { workflow: 'a-workflow-with-a-name-of-some-length', commit: 'a'.repeat(40), trigger, params: {} },
    )
    void runOnce({ context, run, workflow, maxParallelSteps: 1000, cancel: new AbortController().signal }).then((end) => (ended = end))
    await clock.runUntil(NOON + 3_600_000, () => ended !== null)
    const { status, metadata } = ended as unknown as StoredRun
    expect(status).toMatchObject({ phase: 'Finished', result: 'Failed' })
    expect(status?.steps).toHaveLength(1000)
    expect(status?.steps[0]?.message).toMatch(/^ended with ContainerCannotRun: .{900,}…$/)
    expect(status?.steps[998]?.message).toMatch(/^ended with ContainerCannotRun: .+…$/)
    expect(status?.steps[0]?.log).not.toBe('')
    if (status === undefined) return
    const inCluster = Buffer.byteLength(JSON.stringify({ ...run, status: encodeStatus(run.spec, status, metadata.creationTimestamp) }))
    const home = await makeFolder()
    const folder = await openDataFolder(home.path)
    const local = await createLocalRunCluster(folder, { clock, random: createSeededRandom('local') })
    const { object } = await local.createRun(run)
    await local.updateRun({ ...object, status })
    const file = join(home.path, `runs/default/${run.metadata.name}.json`)
    const { size } = statSync(file)
    const again = await createLocalRunCluster(folder, { clock, random: createSeededRandom('local') })
    expect((await again.getRun(run.metadata))?.status).toEqual(status)
    writeFileSync(file, readFileSync(file, 'utf8').replace('"packed":"', '"packed":"AAAA'))
    const spoilt = await createLocalRunCluster(folder, { clock, random: createSeededRandom('local') })
    await expect(spoilt.getRun(run.metadata)).rejects.toThrow(`${run.metadata.name}.json is damaged`)
    await folder.close()
    await home.remove()
    if (process.env['FUSEE_TEST_TABLE'] === '1') console.log(`1,000 failing steps: ${size} bytes, in a cluster ${inCluster}`)
    expect(Math.max(size, inCluster)).toBeLessThan(MOST_BYTES)
  })
})
