import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { DataFolder } from '../../../../src/cluster/local/data-folder.ts'
import { openDataFolder } from '../../../../src/cluster/local/data-folder.ts'
import { createLocalRunCluster } from '../../../../src/cluster/local/runs.ts'
import { CorruptFileError, StorageFullError } from '../../../../src/cluster/local/storage-errors.ts'
import type { RunCluster } from '../../../../src/cluster/ports.ts'
import type { Run } from '../../../../src/runs/run.ts'
import { createSystemClock, createSystemRandom } from '../../../../src/system-clock.ts'
import { eventually, makeFolder, openRunner } from '../../../support/local-cluster.ts'
import { RUN, aShellJob, endOf, observeJob, observeUntil, podEnds, untilEnded } from '../../../support/local-jobs.ts'

const aRun = (name: string, params: Record<string, unknown> = {}): Run => ({
  apiVersion: 'fusee.dev/v1alpha1',
  kind: 'Run',
  metadata: { name, namespace: 'default' },
  spec: { repository: 'sample', workflow: 'nightly', commit: 'a'.repeat(40), trigger: { kind: 'Push', branch: 'main' }, params, rerunOf: null },
})

const problems: string[] = []

function openRuns(folder: DataFolder): Promise<RunCluster> {
  problems.length = 0
  const report = (message: string, about: Record<string, unknown>): void => {
    problems.push(`${message} ${JSON.stringify(about)}`)
  }
  return createLocalRunCluster(folder, { clock: createSystemClock(), random: createSystemRandom(), report })
}

describe('damaged files', () => {
  let home: Awaited<ReturnType<typeof makeFolder>>
  let data: string

  beforeEach(async () => {
    home = await makeFolder()
    data = join(home.path, 'data')
  })

  afterEach(() => home.remove())

  it.each(['', '{"half', '[]', 'null', '{"metadata":{"name":"other","namespace":"default","uid":"x"}}'])(
    'keep their own Run out, and no other: %j',
    async (text) => {
      const first = await openDataFolder(data)
      const before = await openRuns(first)
      await before.createRun(aRun('good'))
      await before.createRun(aRun('bad'))
      await first.close()
      const file = join(data, 'runs/default/bad.json')
      writeFileSync(file, text)
      const second = await openDataFolder(data)
      const runs = await openRuns(second)
      expect(problems.join()).toContain(file)
      expect((await runs.listRuns()).map(({ metadata }) => metadata.name)).toEqual(['good'])
      for (const attempt of [runs.getRun({ namespace: 'default', name: 'bad' }), runs.createRun(aRun('bad'))]) {
        await expect(attempt).rejects.toThrow(CorruptFileError)
        await expect(attempt).rejects.toThrow(file)
      }
      expect((await runs.createRun(aRun('new'))).kind).toBe('Created')
      expect(readFileSync(file, 'utf8')).toBe(text)
      await second.close()
    },
  )

  it('are named when they hold cursors', async () => {
    const folder = await openDataFolder(data)
    const runs = await openRuns(folder)
    const file = join(data, 'repositories/default/sample.json')
    mkdirSync(join(data, 'repositories/default'), { recursive: true })
    for (const text of ['{"half', '{}']) {
      writeFileSync(file, text)
      await expect(runs.readCursors({ namespace: 'default', name: 'sample' })).rejects.toThrow(file)
    }
    await folder.close()
  })

  it('never let a Job run again under its name', async () => {
    const first = await openRunner(data)
    await first.jobs.createJob(aShellJob(`echo ran >>${home.path}/story`))
    await untilEnded(first.jobs)
    await first.close()
    const file = join(data, 'jobs/default/nightly-load/job.json')
    writeFileSync(file, '{"half')
    const second = await openRunner(data)
    expect(second.problems.join()).toContain(file)
    await expect(second.jobs.createJob(aShellJob('true'))).rejects.toThrow(file)
    expect(await second.jobs.observeJobs(RUN)).toEqual([])
    await second.jobs.createJob(aShellJob('true', { name: 'other' }))
    expect(endOf(await untilEnded(second.jobs, 'other'))).toBe('Complete')
    await second.close()
    expect(readFileSync(`${home.path}/story`, 'utf8')).toBe('ran\n')
  })

  it.each(['../escape', 'a/b', '', 'A', '.', '..'])('cannot be made by a name that is none: %j', async (name) => {
    const folder = await openDataFolder(data)
    const runs = await openRuns(folder)
    await expect(runs.createRun(aRun(name))).rejects.toThrow('not a name')
    await expect(runs.writeCursors({ namespace: 'default', name }, { resourceVersion: '' } as never)).rejects.toThrow('not a name')
    await folder.close()
  })
})

/** A file system of one megabyte, where this user may mount one. */
function mountSmall(path: string): boolean {
  try {
    mkdirSync(path)
    execFileSync('/bin/sh', ['-c', 'mount -t tmpfs -o size=1m tmpfs "$0"', path], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

describe('a full disk (needs the right to mount a file system)', () => {
  let home: Awaited<ReturnType<typeof makeFolder>>
  let disk: string
  let isMounted: boolean

  beforeEach(async ({ skip }) => {
    home = await makeFolder()
    disk = join(home.path, 'disk')
    isMounted = mountSmall(disk)
    skip(!isMounted, 'not permitted to mount')
  })

  afterEach(async () => {
    if (isMounted) execFileSync('/bin/sh', ['-c', 'umount -l "$0"', disk])
    await home.remove()
  })

  const fill = (): void => {
    for (const size of [65_536, 4096, 1]) {
      try {
        for (let index = 0; ; index++) writeFileSync(join(disk, `fill-${size}-${index}`), Buffer.alloc(size))
      } catch {
        // Full for files of this size.
      }
    }
  }
  const empty = (): void => {
    execFileSync('/bin/sh', ['-c', `rm -f ${disk}/fill-*`])
  }

  it('is told as such, loses nothing, and is overcome by room', async () => {
    const folder = await openDataFolder(join(disk, 'data'))
    const runs = await openRuns(folder)
    const { object: run } = await runs.createRun(aRun('kept'))
    fill()
    const creation = runs.createRun(aRun('refused', { text: 'x'.repeat(10_000) }))
    await expect(creation).rejects.toThrow(StorageFullError)
    await expect(creation).rejects.toThrow(`${disk}/data`)
    const status = { phase: 'Pending' as const, params: {}, steps: [], message: 'x'.repeat(10_000) }
    await expect(runs.updateRun({ ...run, status })).rejects.toThrow(StorageFullError)
    await expect(runs.writeCursors({ namespace: 'default', name: 'sample' }, { resourceVersion: '' } as never)).rejects.toThrow(StorageFullError)
    expect(await runs.getRun(run.metadata)).toEqual(run)
    expect(await runs.getRun({ namespace: 'default', name: 'refused' })).toBeNull()
    empty()
    expect((await runs.createRun(aRun('refused'))).kind).toBe('Created')
    expect((await runs.updateRun({ ...run, status })).status).toEqual(status)
    await folder.close()
    const again = await openDataFolder(join(disk, 'data'))
    const names = (await (await openRuns(again)).listRuns()).map(({ metadata }) => metadata.name)
    expect(names.sort()).toEqual(['kept', 'refused'])
    await again.close()
  })

  it('is told when the folder itself does not fit', async () => {
    fill()
    await expect(openDataFolder(join(disk, 'data'))).rejects.toThrow(StorageFullError)
    empty()
    await (await openDataFolder(join(disk, 'data'))).close()
  })

  it('does not take the exit code of a step that ends on it', async () => {
    const runner = await openRunner(join(disk, 'data'))
    const go = join(home.path, 'go')
    await runner.jobs.createJob(aShellJob(`until [ -e ${go} ]; do sleep 0.05; done; seq 100000; exit 3`))
    await observeUntil(runner.jobs, 'the pod runs', ({ pods }) => pods[0]?.status.phase === 'Running')
    fill()
    writeFileSync(go, '')
    const seen = await observeUntil(runner.jobs, 'the pod has ended', ({ pods }) => pods[0]?.status.phase === 'Failed')
    expect(podEnds(seen)).toEqual(['Failed 3'])
    empty()
    expect(endOf(await untilEnded(runner.jobs))).toBe('BackoffLimitExceeded')
    await runner.close()
  })

  it('holds a Job up only until there is room', async () => {
    const runner = await openRunner(join(disk, 'data'))
    await runner.jobs.createJob(aShellJob('exit 1', { spec: { backoffLimit: 1 } }))
    await observeUntil(runner.jobs, 'the first try has ended', ({ pods }) => pods[0]?.status.phase === 'Failed')
    fill()
    await eventually('the full disk is reported', () => runner.problems.some((problem) => problem.includes('No room left')))
    expect((await observeJob(runner.jobs)).pods).toHaveLength(1)
    empty()
    expect(podEnds(await untilEnded(runner.jobs))).toEqual(['Failed 1', 'Failed 1'])
    expect(existsSync(join(disk, 'data/jobs/default/nightly-load/pods/1'))).toBe(true)
    await runner.close()
    rmSync(join(disk, 'data'), { recursive: true })
  })
})
