import { expect, it } from 'vitest'
import { prepareJob } from '../../../../src/cluster/kubernetes/prepare-job.ts'
import type { JobSpec } from '../../../../src/runs/objects.ts'

const IGNORED = { rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }] }
const OWN = { rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [3] } }] }

it.each<{ title: string; spec: Partial<JobSpec>; restartPolicy?: string; want: unknown }>([
  { title: 'a plain one', spec: {}, want: IGNORED },
  { title: 'one that replaces pods as Kubernetes does with such a policy', spec: { podReplacementPolicy: 'Failed' }, want: IGNORED },
  { title: 'one with a policy of its own', spec: { podFailurePolicy: OWN }, want: OWN },
  { title: 'one whose containers are restarted in their pod', spec: {}, restartPolicy: 'OnFailure', want: undefined },
  { title: 'one that replaces pods while they still end', spec: { podReplacementPolicy: 'TerminatingOrFailed' }, want: undefined },
])('lost pods do not count, where Kubernetes allows to say so: $title', ({ spec, restartPolicy = 'Never', want }) => {
  const template = { spec: { restartPolicy, containers: [] } }
  const job = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'a', namespace: 'data' }, spec: { ...spec, template } } as const
  expect(prepareJob(job, 'InTheCluster').spec['podFailurePolicy']).toEqual(want)
})
