import { appendFileSync, chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Job } from '../../../../src/runs/objects.ts'
import { removePodGroup } from '../../../../src/cluster/local/control-group.ts'
import { readPodFacts } from '../../../../src/cluster/local/pod-facts.ts'
import type { MovableClock, OpenRunner } from '../../../support/local-cluster.ts'
import { createMovableClock, eventually, makeFolder, openRunner, readLines } from '../../../support/local-cluster.ts'
import { aShellJob, endOf, isRunning, observeJob, observeUntil, podEnds, untilEnded } from '../../../support/local-jobs.ts'
import { bundleController, startController } from '../../../support/start-controller.ts'

describe('steps survive their controller', () => {
  let program: { path: string; remove(): Promise<void> }
  let controller: string
  let home: { path: string; remove(): Promise<void> }
  let data: string
  let runner: OpenRunner | null

  beforeAll(async () => {
    program = await makeFolder()
    controller = await bundleController(program.path)
  })

  afterAll(() => program.remove())

  beforeEach(async () => {
    home = await makeFolder()
    data = join(home.path, 'data')
    runner = null
  })

  afterEach(async () => {
    await runner?.close()
    await home.remove()
  })

  const at = (name: string): string => join(home.path, name)
  const touch = (name: string): void => {
    writeFileSync(at(name), '')
  }
  const lines = (name: string): string[] => readLines(at(name))

  /** Starts a controller that creates this Job, and kills it once `when` holds. */
  async function createAndKill(job: Job, when: () => boolean, shell?: string): Promise<void> {
    writeFileSync(at('job.json'), JSON.stringify(job))
    const started = await startController(controller, { path: data, create: at('job.json'), ...(shell === undefined ? {} : { shell }) })
    expect(started.said).toBe('open')
    await eventually('it is time to kill the controller', when)
    await started.kill()
  }

  const reopen = async (options: Parameters<typeof openRunner>[1] = {}): Promise<OpenRunner> => (runner = await openRunner(data, options))

  /** Says that it has begun, waits to be told, says that it ends. */
  const patient = (exitCode: number): string =>
    `echo begin >>${at('story')}; until [ -e ${at('go')} ]; do sleep 0.05; done; echo end >>${at('story')}; exit ${exitCode}`

  it('goes on with a step that runs on, as the same pod', async () => {
    await createAndKill(aShellJob(patient(3)), () => lines('story').length === 1)
    const { jobs } = await reopen()
    expect(podEnds(await observeJob(jobs))).toEqual(['Running -'])
    touch('go')
    expect(podEnds(await untilEnded(jobs))).toEqual(['Failed 3'])
    expect(lines('story')).toEqual(['begin', 'end'])
  })

  it('finds the exit code of a step that ended while nobody looked', async () => {
    await createAndKill(aShellJob(patient(3)), () => lines('story').length === 1)
    touch('go')
    await eventually('the pod has ended', () => readPodFacts(join(data, 'jobs/default/nightly-load/pods/0')).doneAtMs)
    const { jobs } = await reopen()
    const seen = await untilEnded(jobs)
    expect(podEnds(seen)).toEqual(['Failed 3'])
    expect(lines('story')).toEqual(['begin', 'end'])
    const { finishedAt } = seen.pods[0]?.status.containerStatuses?.[0]?.state?.terminated ?? {}
    expect(Date.parse(finishedAt ?? '')).toBeLessThanOrEqual(Date.now())
  })

  it('never runs a script that had not claimed its pod when its controller died, however late it comes', async () => {
    mkdirSync(data, { recursive: true })
    const slowShell = at('slow-sh')
    writeFileSync(slowShell, `#!/bin/sh\necho $$ >>${at('shells')}\nuntil [ -e ${at('go')} ]; do sleep 0.05; done\nexec /bin/sh "$@"\n`)
    chmodSync(slowShell, 0o755)
    await createAndKill(aShellJob(`echo ran >>${at('story')}`), () => lines('shells').length === 1, slowShell)
    const { jobs } = await reopen()
    const seen = await untilEnded(jobs)
    expect(endOf(seen)).toBe('Complete')
    expect(podEnds(seen)).toEqual(['Lost -', 'Succeeded 0'])
    touch('go')
    await eventually('the late script is gone', () => !isRunning(Number(lines('shells')[0])))
    expect(lines('story')).toEqual(['ran'])
  })

  it('starts the pod of a Job whose controller died right after its creation', async () => {
    mkdirSync(data, { recursive: true })
    const deafShell = at('deaf-sh')
    writeFileSync(deafShell, `#!/bin/sh\necho asked >>${at('shells')}\n`)
    chmodSync(deafShell, 0o755)
    await createAndKill(aShellJob(`echo ran >>${at('story')}`), () => lines('shells').length === 1, deafShell)
    // As if it had come no further than the Job.
    await removeGroup()
    rmSync(join(data, 'jobs/default/nightly-load/pods'), { recursive: true })
    const { jobs } = await reopen()
    expect(podEnds(await untilEnded(jobs))).toEqual(['Succeeded 0'])
    expect(lines('story')).toEqual(['ran'])
  })

  it('replaces a pod that was killed while nobody looked, and does not count it', async () => {
    await createAndKill(aShellJob(patient(0)), () => lines('story').length === 1)
    killPod(0)
    touch('go')
    const { jobs } = await reopen()
    const seen = await untilEnded(jobs)
    expect(endOf(seen)).toBe('Complete')
    expect(podEnds(seen)).toEqual(['Lost 137', 'Succeeded 0'])
    expect(seen.job.status).toMatchObject({ succeeded: 1, failed: 0 })
    expect(seen.pods[0]?.status.conditions).toEqual([expect.objectContaining({ type: 'DisruptionTarget', status: 'True' })])
  })

  it('gives a Job up whose pods were lost five times', async () => {
    const clock = createMovableClock()
    const { jobs } = await reopen({ clock })
    await jobs.createJob(aShellJob(`echo $$ >>${at('story')}; sleep 1000`))
    for (let lost = 0; lost < 5; lost++) {
      await eventually('the next pod runs', () => {
        clock.advance(1000)
        return lines('story').length === lost + 1
      })
      killPod(lost)
    }
    const seen = await eventually('the Job has ended', async () => {
      clock.advance(1000)
      const now = await observeJob(jobs)
      return endOf(now) === null ? null : now
    })
    expect(endOf(seen)).toBe('Disrupted')
    expect(podEnds(seen)).toEqual(Array(5).fill('Lost 137'))
  })

  it('takes away what a killed script left running before it tries again', async () => {
    const { jobs } = await reopen()
    await jobs.createJob(aShellJob(`echo $$ >>${at('story')}; [ $(wc -l <${at('story')}) -gt 1 ] || sleep 1000`))
    await eventually('the pod runs', () => lines('story').length === 1)
    const [script] = pidsOf(0)
    if (script !== undefined) process.kill(script, 'SIGKILL')
    const seen = await untilEnded(jobs)
    expect(podEnds(seen)).toEqual(['Lost 137', 'Succeeded 0'])
    expect(isRunning(Number(lines('story')[0]))).toBe(false)
  })

  it('goes on with stopping what a controller was stopping when it died', async () => {
    const story = at('story')
    const stubborn = `trap "echo asked >>${story}" TERM; echo $$ >>${story}; while :; do sleep 0.05; done`
    await createAndKill(aShellJob(stubborn), () => lines('story').length === 1)
    const first = await openRunner(data)
    writeFileSync(at('stop.json'), JSON.stringify((await observeJob(first.jobs)).job))
    await first.close()
    const stopping = await startController(controller, { path: data, stop: at('stop.json') })
    await eventually('the step was asked to end', () => lines('story').includes('asked'))
    await stopping.kill()
    const clock: MovableClock = createMovableClock()
    const { jobs } = await reopen({ clock })
    expect(podEnds(await observeJob(jobs))).toEqual(['Running -'])
    clock.advance(29_000)
    expect(podEnds(await observeJob(jobs))).toEqual(['Running -'])
    clock.advance(2_000)
    const seen = await observeUntil(jobs, 'the pod has ended', ({ pods }) => pods[0]?.status.phase === 'Failed')
    expect(podEnds(seen)).toEqual(['Failed 137'])
    expect(isRunning(Number(lines('story')[0]))).toBe(false)
  })

  it('lets a step end politely that a controller had told to end', async () => {
    const polite = `trap "echo bye >>${at('story')}; exit 0" TERM; echo begin >>${at('story')}; while :; do sleep 0.05; done`
    const { jobs } = await reopen()
    const { object } = await jobs.createJob(aShellJob(polite))
    await eventually('the pod runs', () => lines('story').length === 1)
    await jobs.stopJob(object)
    const seen = await observeUntil(jobs, 'the pod has ended', ({ pods }) => pods[0]?.status.phase !== 'Running')
    expect(podEnds(seen)).toEqual(['Succeeded 0'])
    expect(lines('story')).toEqual(['begin', 'bye'])
  })

  it('removes a deleted Job that was still ending when its controller died', async () => {
    await createAndKill(aShellJob(patient(0)), () => lines('story').length === 1)
    const first = await openRunner(data)
    const { job } = await observeJob(first.jobs)
    await first.jobs.releaseJob(job)
    await first.jobs.stopJob(job)
    await first.close()
    const { jobs } = await reopen()
    await eventually('the Job is gone', async () => (await jobs.observeJobs({ namespace: 'default', name: 'nightly' })).length === 0)
    expect(existsSync(join(data, 'jobs/default/nightly-load'))).toBe(false)
  })

  it('takes a pod whose own file is damaged for failed, naming the file', async () => {
    await createAndKill(aShellJob(patient(0)), () => lines('story').length === 1)
    killPod(0)
    const file = join(data, 'jobs/default/nightly-load/pods/0/pod.json')
    appendFileSync(file, '}')
    const { jobs, problems } = await reopen()
    const seen = await untilEnded(jobs)
    expect(endOf(seen)).toBe('BackoffLimitExceeded')
    expect(seen.pods[0]?.status.reason).toBe('CorruptFile')
    expect(problems.join()).toContain(file)
  })

  it('takes a pod of which a power cut left nothing for lost', async () => {
    await createAndKill(aShellJob(patient(0)), () => lines('story').length === 1)
    killPod(0)
    touch('go')
    await removeGroup()
    rmSync(join(data, 'jobs/default/nightly-load/pods/0/state'), { recursive: true })
    const { jobs } = await reopen()
    expect(podEnds(await untilEnded(jobs))).toEqual(['Lost -', 'Succeeded 0'])
  })

  /** Pids of a pod's script and containers. */
  function pidsOf(index: number): number[] {
    const { claim, started } = readPodFacts(join(data, `jobs/default/nightly-load/pods/${index}`))
    return [...(claim?.kind === 'Process' ? [claim.identity.pid] : []), ...[...started.values()].map(({ pid }) => pid)]
  }

  /** As when the machine goes down: no control group outlives that. */
  async function removeGroup(): Promise<void> {
    const { group } = readPodFacts(join(data, 'jobs/default/nightly-load/pods/0'))
    await eventually('the control group is gone', () => group === null || removePodGroup(group))
  }

  /** Everything at once, as when the machine goes down: each of them leads a group. */
  function killPod(index: number): void {
    for (const pid of pidsOf(index)) process.kill(-pid, 'SIGKILL')
  }
})
