import { expect, it } from 'vitest'
import { createKubernetesJobs } from '../../src/cluster/kubernetes/jobs.ts'
import { UnsupportedJobError } from '../../src/cluster/ports.ts'
import type { Container } from '../../src/definitions/container.ts'
import { SOURCE_ANNOTATION } from '../../src/runs/render-job.ts'
import type { PodBehaviour } from '../support/fake-api/node-agent.ts'
import { openFakeCluster } from '../support/fake-cluster.ts'
import { testJobCluster } from './job-cluster.ts'

/** Nothing runs here: the command says what would happen. */
const words = (...command: string[]): Container => ({ command })

const LASTING_MS = 3_600_000

/** Reads back what a container was told to do. */
const behaviour: PodBehaviour = (_pod, { command = [] }, attempt) => {
  const [kind, code = '0', log = ''] = command
  const plain = { runMs: 1, exitCode: Number(code), log, termMs: 0 }
  if (kind === 'last') return { ...plain, runMs: LASTING_MS }
  if (kind === 'resist') return { ...plain, runMs: LASTING_MS, termMs: LASTING_MS }
  if (kind === 'fail-once') return { ...plain, exitCode: attempt === 0 ? 1 : 0, log: attempt === 0 ? 'first try\n' : 'second try\n' }
  return plain
}

testJobCluster('an API server in memory', async () => {
  const { client, namespace, close } = await openFakeCluster(behaviour)
  const jobs = await createKubernetesJobs({ client, namespace, report: () => undefined, runsLive: 'InTheCluster' })
  return {
    jobs,
    namespace,
    ending: (exitCode, output = '') => words('end', String(exitCode), output),
    lasting: () => words('last'),
    stubborn: () => words('resist'),
    failingOnce: () => words('fail-once'),
    unsupported: null,
    async close() {
      await jobs.close()
      await close()
    },
  }
})

it('refuses a Job that wants the repository in its pods, and says what to do', async () => {
  const { client, namespace, close } = await openFakeCluster(behaviour)
  const jobs = await createKubernetesJobs({ client, namespace, report: () => undefined, runsLive: 'InTheCluster' })
  const template = { metadata: { annotations: { [SOURCE_ANNOTATION]: 'true' } }, spec: { containers: [{ name: 'step', image: 'busybox' }] } }
  const refusal = jobs.createJob({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'a', namespace }, spec: { template } })
  await expect(refusal).rejects.toThrow(UnsupportedJobError)
  await expect(refusal).rejects.toThrow(/^source: .* Take "source" out/)
  await jobs.close()
  await close()
})
