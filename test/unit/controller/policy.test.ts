import { describe, expect, it } from 'vitest'
import { createSimulatedCluster } from '../../../src/cluster/simulated/cluster.ts'
import { createQueue } from '../../../src/controller/admit.ts'
import { reconcileRun } from '../../../src/controller/reconcile-run.ts'
import { createSlots } from '../../../src/controller/slots.ts'
import { plainWriteSite } from '../../../src/crash-points.ts'
import type { Container, JsonObject } from '../../../src/definitions/container.ts'
import { statePolicy, type Policy } from '../../../src/definitions/policy/policy.ts'
import type { Step } from '../../../src/definitions/workflow.ts'
import { createRunObject } from '../../../src/runs/create-run.ts'
import { initialSteps } from '../../../src/runs/plan-run.ts'
import type { RunStatus } from '../../../src/runs/run.ts'
import { createSeededRandom } from '../../../src/simulation/seeded-random.ts'
import { createVirtualClock } from '../../../src/simulation/virtual-clock.ts'
import { aDefinition, aStep, NOON } from '../../support/builders.ts'
import { EXPRESSIONS } from '../../support/play-run.ts'

const REF = { namespace: 'data', name: 'jobs' }

/** One pass over a run of one step. */
async function passOver(container: Container, policy: Policy | null, work: Step['work'] = { kind: 'Container', container, pod: {}, job: {} }) {
  const clock = createVirtualClock(NOON)
  const cluster = createSimulatedCluster({ clock, random: createSeededRandom('policy') })
  const definition = aDefinition([aStep('a', { work })])
  const pinned: RunStatus = { phase: 'Running', definition, params: {}, steps: initialSteps(definition), startedAt: '2026-11-20T12:00:00.000Z' }
  const request = { workflow: 'nightly', commit: 'a'.repeat(40), trigger: { kind: 'Push', branch: 'main' }, params: {} } as const
  const { object: run } = await cluster.runs.createRun(createRunObject(REF, request))
  const context = { clock, ...cluster, writeSite: plainWriteSite, report: () => undefined }
  const repository = 'data/jobs'
  const slots = createSlots(5, () => undefined)
  const pin = () => Promise.resolve(pinned)
  await reconcileRun(
    {
      context,
      repository,
      slots,
      policy,
      expressions: EXPRESSIONS,
      queue: createQueue(),
      told: new Set(),
      pin,
      onFinished: () => undefined,
    },
    run,
  )
  const jobs = await cluster.jobs.observeJobs(run.metadata)
  return { step: (await cluster.runs.getRun(run.metadata))?.status?.steps[0], jobs: jobs.map(({ job }) => job) }
}

const SECRET: Container = { image: 'busybox', command: ['true'], envFrom: [{ secretRef: { name: 'report-db' } }] }

describe('a Job that is about to be made', () => {
  it('is not, where the policy has come to refuse what the definition asks for', async () => {
    const { step, jobs } = await passOver(SECRET, statePolicy({}, 'data', { serviceAccounts: [], secrets: [] }))
    expect(jobs).toEqual([])
    expect(step).toMatchObject({
      state: 'Ended',
      result: 'Failed',
      reason: 'PolicyDenied',
      message: 'the Secret "report-db" is refused: the Repository\'s spec.policy.secrets does not list it',
    })
  })

  const elsewhere: JsonObject = {
    metadata: { name: 'publish', namespace: 'reports' },
    spec: { template: { spec: { containers: [{ name: 'main', image: 'busybox', command: ['true'] }] } } },
  }
  it.each([
    {
      namespaces: [],
      want: { state: 'Ended', reason: 'PolicyDenied', message: expect.stringMatching(/^the namespace "reports" is refused: /) as string },
    },
    { namespaces: ['reports'], want: { state: 'Running' } },
  ])('runs in another namespace only where the policy lists it: $namespaces', async ({ namespaces, want }) => {
    const work: Step['work'] = { kind: 'Manifest', path: 'jobs/a.yaml', manifest: elsewhere, env: [] }
    const { step } = await passOver({}, statePolicy({ namespaces }, 'data', { serviceAccounts: [], secrets: [] }), work)
    expect(step).toMatchObject(want)
  })

  it('names the first reasons only', async () => {
    const refused = { ...SECRET, ports: [{ hostPort: 1 }, { hostPort: 2 }, { hostPort: 3 }, { hostPort: 4 }] }
    const { step } = await passOver(refused, statePolicy({ images: [] }, 'data', { serviceAccounts: [], secrets: [] }))
    expect(step?.message).toMatch(/^the image .*; the Secret .*; "containers\[0\]\.ports\[0\]\.hostPort" .*; 3 more$/)
  })

  it.each([
    { title: 'where the policy allows it', policy: statePolicy({ secrets: ['report-db'] }, 'data', { serviceAccounts: [], secrets: [] }) },
    { title: 'for whoever runs it with rights of their own', policy: null },
  ])('is made $title', async ({ policy }) => {
    const { step, jobs } = await passOver(SECRET, policy)
    expect([jobs.length, step?.state]).toEqual([1, 'Running'])
  })

  it('gets what the level restricted demands', async () => {
    const { jobs } = await passOver(
      { image: 'busybox', command: ['true'] },
      statePolicy({ podSecurity: 'restricted' }, 'data', { serviceAccounts: [], secrets: [] }),
    )
    expect(jobs[0]?.spec.template.spec['securityContext']).toEqual({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } })
  })
})
