import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
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

  const DAMAGES: Record<string, { damage: (job: string) => void; wantNamed: string; wantNoAnswer: boolean }> = {
    'its file is a folder': { damage: (job) => putFolder(`${job}/job.json`), wantNamed: '/job.json', wantNoAnswer: true },
    'its folder is a file': { damage: (job) => putFile(job), wantNamed: '/job.json', wantNoAnswer: true },
    'its file says half of it': { damage: (job) => dropField(`${job}/job.json`, 'spec'), wantNamed: '/job.json', wantNoAnswer: true },
    'the folder of its pods is a file': { damage: (job) => putFile(`${job}/pods`), wantNamed: '/pods', wantNoAnswer: true },
    'a pod is a file': { damage: (job) => putFile(`${job}/pods/0`), wantNamed: '/pods/0', wantNoAnswer: true },
    'the state of a pod is a file': { damage: (job) => putFile(`${job}/pods/0/state`), wantNamed: '/pods/0', wantNoAnswer: true },
    'who has run a pod is a file': { damage: (job) => putFile(`${job}/pods/0/state/claim`), wantNamed: '/pods/0', wantNoAnswer: true },
    'a pod is described by nonsense': { damage: (job) => writeFileSync(`${job}/pods/0/pod.json`, '[]'), wantNamed: '/pod.json', wantNoAnswer: false },
    'something else lies among its pods': { damage: (job) => writeFileSync(`${job}/pods/notes`, ''), wantNamed: '/pods/notes', wantNoAnswer: false },
    'a file lies among the namespaces': { damage: () => writeFileSync(join(data, 'jobs/notes'), ''), wantNamed: 'jobs/notes', wantNoAnswer: false },
  }
  it.each(Object.entries(DAMAGES))('are named, hold up no other Job, and stay, when %s', async (_, { damage, wantNamed, wantNoAnswer }) => {
    const first = await openRunner(data)
    await first.jobs.createJob(aShellJob(`echo ran >>${home.path}/story`))
    await untilEnded(first.jobs)
    await first.close()
    damage(join(data, 'jobs/default/nightly-load'))
    const damaged = contents()
    const second = await openRunner(data)
    expect(second.problems.join()).toContain(wantNamed)
    const again = second.jobs.createJob(aShellJob('true'))
    if (wantNoAnswer) await expect(again).rejects.toThrow(CorruptFileError)
    else expect(await again).toMatchObject({ kind: 'Exists' })
    await second.jobs.createJob(aShellJob('true', { name: 'other' }))
    expect(endOf(await untilEnded(second.jobs, 'other'))).toBe('Complete')
    await second.close()
    rmSync(join(data, 'jobs/default/other'), { recursive: true })
    expect(contents()).toEqual(damaged)
    expect(readFileSync(`${home.path}/story`, 'utf8')).toBe('ran\n')
  })

  const contents = (): string[] => readdirSync(join(data, 'jobs'), { recursive: true, encoding: 'utf8' }).sort()
  const putFile = (place: string): void => {
    rmSync(place, { recursive: true, force: true })
    writeFileSync(place, 'nonsense')
  }
  const putFolder = (place: string): void => {
    rmSync(place, { recursive: true })
    mkdirSync(place)
  }
  const dropField = (file: string, field: string): void => {
    writeFileSync(file, JSON.stringify({ ...(JSON.parse(readFileSync(file, 'utf8')) as object), [field]: undefined }))
  }

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
