import { expect, it } from 'vitest'
import { createSimulatedCluster } from '../../../src/cluster/simulated/cluster.ts'
import { plainWriteSite } from '../../../src/crash-points.ts'
import { createSeededRandom } from '../../../src/simulation/seeded-random.ts'
import { createVirtualClock } from '../../../src/simulation/virtual-clock.ts'
import { NOON } from '../../support/builders.ts'
import { carryOut } from '../../support/carry-out-case.ts'

it('tells of the end of a step before it tells of what follows from it, in whatever order they are written', async () => {
  const spec = `
steps:
  - {name: second, image: busybox, script: 'true', dependsOn: [first]}
  - {name: first, image: busybox, script: 'true'}
`
  const clock = createVirtualClock(NOON)
  const scripts = () => ({ startMs: 10, runMs: 1000, exitCode: 0, log: '', message: '', termMs: 0, lostAfterMs: null })
  const { runs, jobs } = createSimulatedCluster({ clock, random: createSeededRandom('cluster'), scripts })
  const told: string[] = []
  const context = {
    ...{ clock, random: createSeededRandom('queue'), runs, jobs, writeSite: plainWriteSite },
    report: (event: { kind: string; step?: { name: string } }) => void (event.step && told.push(`${event.kind} ${event.step.name}`)),
  }
  let isDone = false
  const ended = carryOut({ name: 'order', spec, wantResult: 'Succeeded', wantSteps: [] }, 'order', context).finally(() => (isDone = true))
  await clock.runUntil(NOON + 60_000, () => isDone)
  await ended
  expect(told).toEqual(['StepStarted first', 'StepEnded first', 'StepStarted second', 'StepEnded second'])
})
