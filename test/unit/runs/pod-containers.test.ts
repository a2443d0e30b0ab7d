import { describe, expect, it } from 'vitest'
import { attemptsOf, decideJob, imageDigestOf } from '../../../src/runs/decide-job.ts'
import type { ContainerStatus, JobObservation, Pod } from '../../../src/runs/objects.ts'
import type { StepStatus } from '../../../src/runs/run.ts'
import { startingSinceMs } from '../../../src/runs/step-deadline.ts'
import { aDefinition, aRun, aStep, NOON, observed } from '../../support/builders.ts'

const step = aStep('a')
const run = aRun(aDefinition([step]))
const NOON_TEXT = new Date(NOON).toISOString()
const RUNNING: StepStatus = { name: 'a', kind: 'Step', state: 'Running', attempts: [] }
const digest = (letter: string): string => `docker.io/library/any@sha256:${letter.repeat(64)}`

const ended = (name: string, exitCode: number, imageID = ''): ContainerStatus => ({
  name,
  imageID,
  state: { terminated: { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', startedAt: NOON_TEXT, finishedAt: NOON_TEXT } },
})
const runs = (name: string): ContainerStatus => ({ name, state: { running: { startedAt: NOON_TEXT } } })
const cannotStart = (name: string): ContainerStatus => ({ name, state: { waiting: { reason: 'ImagePullBackOff' } } })

/** A pod of the containers `step` and `agent`, with a sidecar `proxy`; kubelet sorts their states by name. */
function see(phase: Pod['status']['phase'], initContainerStatuses: ContainerStatus[], containerStatuses: ContainerStatus[]): JobObservation {
  const { job } = observed(run, step)
  const spec = { initContainers: [{ name: 'proxy', restartPolicy: 'Always' }], containers: [{ name: 'step' }, { name: 'agent' }] }
  const metadata = { name: 'p', namespace: 'default', uid: 'p', resourceVersion: '1', creationTimestamp: NOON_TEXT }
  return { job, pods: [{ metadata, spec, status: { phase, initContainerStatuses, containerStatuses } }] }
}

describe('a sidecar', () => {
  it('that is killed at the end does not decide why the step failed', () => {
    const observation = see('Failed', [ended('proxy', 137)], [ended('agent', 0), ended('step', 3)])
    expect(attemptsOf(observation)).toMatchObject([{ exitCode: 3 }])
    expect(decideJob(observation, attemptsOf(observation))).toMatchObject({ kind: 'Failed', message: 'exited with 3' })
  })

  it('that is killed at the end is no exit code of a step that succeeded', () => {
    expect(attemptsOf(see('Succeeded', [ended('proxy', 143)], [ended('agent', 0), ended('step', 0)]))).toMatchObject([{ exitCode: 0 }])
  })

  it('that runs, or ends again and again, is no start of a pod whose container cannot start', () => {
    for (const sidecar of [runs('proxy'), ended('proxy', 1)]) {
      const observation = see('Pending', [sidecar], [cannotStart('agent'), cannotStart('step')])
      expect(startingSinceMs(RUNNING, observation)).toBe(NOON)
    }
  })
})

it('one container that runs beside another that cannot start is no start', () => {
  const observation = see('Pending', [runs('proxy')], [cannotStart('agent'), runs('step')])
  expect(startingSinceMs(RUNNING, observation)).toBe(NOON)
})

it('the image of a step is that of the first container of its pod, whatever the others are called', () => {
  const observation = see('Succeeded', [], [ended('agent', 0, digest('b')), ended('step', 0, digest('a'))])
  expect(imageDigestOf(observation)).toBe(`sha256:${'a'.repeat(64)}`)
})
