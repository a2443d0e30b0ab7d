import { afterAll, beforeAll, describe, it } from 'vitest'
import type { KubernetesJobs } from '../../src/cluster/kubernetes/jobs.ts'
import { createKubernetesJobs } from '../../src/cluster/kubernetes/jobs.ts'
import type { KubernetesRuns } from '../../src/cluster/kubernetes/runs.ts'
import { createKubernetesRuns } from '../../src/cluster/kubernetes/runs.ts'
import type { OnceOptions } from '../../src/controller/run-once.ts'
import { plainWriteSite } from '../../src/crash-points.ts'
import type { Job } from '../../src/runs/objects.ts'
import { createSystemClock, createSystemRandom } from '../../src/system-clock.ts'
import { RUN_CASES } from '../cases/run-cases.ts'
import { carryOut } from '../support/carry-out-case.ts'
import type { KubernetesUnderTest } from '../support/kubernetes-cluster.ts'
import { openKubernetes } from '../support/kubernetes-cluster.ts'
import { expectCase } from '../support/run-case.ts'

describe('the table of runs, as Jobs of a real cluster', () => {
  let cluster: KubernetesUnderTest
  let runs: KubernetesRuns
  let jobs: KubernetesJobs
  let context: OnceOptions['context']

  beforeAll(async () => {
    cluster = await openKubernetes()
    const { client, namespace, report } = cluster
    runs = await createKubernetesRuns({ client, namespace, report })
    jobs = await createKubernetesJobs({ client, namespace, report, runsLive: 'InTheCluster' })
    context = {
      clock: createSystemClock(),
      random: createSystemRandom(),
      runs,
      jobs: { ...jobs, createJob: (job) => jobs.createJob(onOneMachine(job, namespace)) },
      writeSite: plainWriteSite,
      report: () => undefined,
    }
  })

  afterAll(async () => {
    for (const run of await runs.listRuns()) await runs.updateRun({ ...run, metadata: { ...run.metadata, finalizers: [] } })
    await jobs.close()
    await runs.close()
    await cluster.close()
  })

  it.concurrent.each(RUN_CASES)('$name', async (one) => {
    expectCase(one, await carryOut(one, one.name, context, { namespace: cluster.namespace }))
  })
})

/** Tries of a step know of each other by a folder, as on this machine; and what is told to end, ends: a shell as the first process hears no signal. */
function onOneMachine(job: Job, namespace: string): Job {
  const { template } = job.spec
  const { containers, ...pod } = template.spec
  const spec = {
    ...pod,
    terminationGracePeriodSeconds: 0,
    volumes: [{ name: 'shared', hostPath: { path: `/tmp/fusee-tests/${namespace}`, type: 'DirectoryOrCreate' } }],
    containers: containers.map((container) => ({ ...container, volumeMounts: [{ name: 'shared', mountPath: '/tmp' }] })),
  }
  return { ...job, spec: { ...job.spec, template: { ...template, spec } } }
}
