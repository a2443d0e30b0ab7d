import { createKubernetesJobs } from '../../src/cluster/kubernetes/jobs.ts'
import type { Container } from '../../src/definitions/container.ts'
import type { Job } from '../../src/runs/objects.ts'
import { openKubernetes } from '../support/kubernetes-cluster.ts'
import { createSecret } from '../support/create-secret.ts'
import type { JobClusterUnderTest } from '../support/job-bench.ts'
import { testJobCluster } from './job-cluster.ts'

const SECRET = { name: 'db', value: 'correct horse battery' }

const shell = (script: string): Container => ({ command: ['/bin/sh', '-c', script] })

testJobCluster('a real cluster', openRealCluster, { concurrent: true })

async function openRealCluster(): Promise<JobClusterUnderTest> {
  const { client, namespace, report, close } = await openKubernetes()
  await createSecret(client, namespace, SECRET)
  const jobs = await createKubernetesJobs({ client, namespace, report, runsLive: 'InTheCluster' })
  // Tries know of each other by a folder of the node.
  const shared = { name: 'shared', hostPath: { path: `/tmp/fusee-tests/${namespace}`, type: 'DirectoryOrCreate' } }
  const withShared = (job: Job): Job => {
    const { template } = job.spec
    return { ...job, spec: { ...job.spec, template: { ...template, spec: { ...template.spec, volumes: [shared] } } } }
  }
  return {
    jobs: { ...jobs, createJob: (job) => jobs.createJob(withShared(job)) },
    namespace,
    ending: (exitCode, output = '') => ({ command: ['/bin/sh', '-c', 'printf %s "$0"; exit $1', output, String(exitCode)] }),
    // `exec`: the first process of a container hears no signal that it has not asked for.
    lasting: () => shell('trap "exit 143" TERM; sleep 1000 & wait'),
    stubborn: () => shell('trap "" TERM; while :; do sleep 0.1; done'),
    failingOnce: () => ({
      ...shell('if [ -e /shared/tried ]; then echo second try; else : >/shared/tried; echo first try; exit 1; fi'),
      volumeMounts: [{ name: 'shared', mountPath: '/shared' }],
    }),
    leaving: (exitCode, text) => ({
      command: ['/bin/sh', '-c', 'printf %s "$0" | tee "$FUSEE_RESULTS"; exit $1', text, String(exitCode)],
      env: [{ name: 'FUSEE_RESULTS', value: '/dev/termination-log' }],
    }),
    secret: SECRET,
    unsupported: [{ spec: { parallelism: -1 }, field: 'spec.parallelism' }],
    async close() {
      for (const job of jobs.cache.all()) await jobs.releaseJob(job)
      await jobs.close()
      await close()
    },
  }
}
