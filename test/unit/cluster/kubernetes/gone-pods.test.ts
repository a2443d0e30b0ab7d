import { expect, it } from 'vitest'
import { createGonePods } from '../../../../src/cluster/kubernetes/gone-pods.ts'
import { attemptsOf, decideJob } from '../../../../src/runs/decide-job.ts'
import type { Pod, StoredJob } from '../../../../src/runs/objects.ts'

const meta = (name: string) => ({ name, namespace: 'data', uid: `${name}-uid`, resourceVersion: '1', creationTimestamp: '2026-11-20T01:00:00Z' })
const job: StoredJob = {
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: meta('job'),
  spec: { backoffLimit: 0, template: { spec: { containers: [] } } },
}

function observe(phase: Pod['status']['phase']) {
  const gone = createGonePods(() => true)
  gone.note(job.metadata.uid, { metadata: meta('pod'), status: { phase } })
  return { job, pods: gone.of(job.metadata.uid) }
}

it('a pod that is gone before it was seen to end leaves it to the Job whether it counts', () => {
  const observation = observe('Running')
  expect(attemptsOf(observation)).toMatchObject([{ pod: 'pod', reason: 'Deleted' }])
  expect(decideJob(observation, attemptsOf(observation))).toEqual({ kind: 'Active' })
})

it('a pod that had failed before it went counts as it did', () => {
  const observation = observe('Failed')
  expect(decideJob(observation, attemptsOf(observation))).toMatchObject({ kind: 'Failed', reason: 'BackoffLimitExceeded' })
})

it('keeps no pod that goes after its Job, as all do that are swept', () => {
  let isThere = true
  const gone = createGonePods(() => isThere)
  gone.note(job.metadata.uid, { metadata: meta('first'), status: { phase: 'Failed' } })
  isThere = false
  gone.forgetJob(job.metadata.uid)
  gone.note(job.metadata.uid, { metadata: meta('second'), status: { phase: 'Succeeded' } })
  expect(gone.of(job.metadata.uid)).toEqual([])
})
