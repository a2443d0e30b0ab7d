import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openDataFolder } from '../../../../src/cluster/local/data-folder.ts'
import type { OpenRunner } from '../../../support/local-cluster.ts'
import { createMovableClock, eventually, makeFolder, openRunner } from '../../../support/local-cluster.ts'
import { aShellJob, endOf, observeJob, podEnds, untilEnded } from '../../../support/local-jobs.ts'

describe('what fails around a step', () => {
  let home: Awaited<ReturnType<typeof makeFolder>>
  let runner: OpenRunner | null

  beforeEach(async () => {
    home = await makeFolder()
    runner = null
  })

  afterEach(async () => {
    await runner?.close()
    await home.remove()
  })

  it('ends the Job when no shell can be started at all', async () => {
    const clock = createMovableClock()
    runner = await openRunner(join(home.path, 'data'), { clock, shell: '/no/such/shell' })
    const { jobs, problems } = runner
    await jobs.createJob(aShellJob('true'))
    const seen = await eventually('the Job has ended', async () => {
      clock.advance(1000)
      const now = await observeJob(jobs)
      return endOf(now) === null ? null : now
    })
    expect(endOf(seen)).toBe('Disrupted')
    expect(podEnds(seen)).toEqual(Array(5).fill('Lost -'))
    expect(problems[0]).toMatch(/The script of a pod could not be started.*\/no\/such\/shell/)
  })

  it('is told to people when a listener throws, and the others hear all the same', async () => {
    runner = await openRunner(join(home.path, 'data'))
    const { jobs, problems } = runner
    let heard = 0
    jobs.subscribe(() => {
      throw new Error('deaf')
    })
    jobs.subscribe(() => heard++)
    await jobs.createJob(aShellJob('true'))
    await untilEnded(jobs)
    expect(heard).toBeGreaterThan(0)
    expect(problems[0]).toMatch(/A listener to cluster events failed.*deaf/)
  })

  it('leaves other Jobs alone when a folder of a pod has gone', async () => {
    const file = join(home.path, 'data/jobs/default/nightly-load/pods/0/state')
    runner = await openRunner(join(home.path, 'data'))
    const { jobs, problems } = runner
    await jobs.createJob(aShellJob(`rm -rf ${file}; sleep 1000`))
    await eventually('the missing folder is reported', () => problems.some((problem) => problem.includes('could not be looked after')))
    await jobs.createJob(aShellJob('true', { name: 'other' }))
    expect(endOf(await untilEnded(jobs, 'other'))).toBe('Complete')
    const { job } = await observeJob(jobs)
    mkdirSync(file)
    await jobs.stopJob(job)
    await eventually('its pod has ended', async () => (await observeJob(jobs)).pods[0]?.status.phase === 'Failed')
  })

  it('is a folder that must not be written to', async ({ skip }) => {
    skip(process.getuid?.() === 0, 'root may write everywhere')
    chmodSync(home.path, 0o500)
    await expect(openDataFolder(join(home.path, 'data'))).rejects.toThrow(/is not writable.*--data/)
    chmodSync(home.path, 0o700)
  })
})
