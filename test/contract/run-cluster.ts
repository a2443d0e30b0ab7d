import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ClusterEvent, RunCluster } from '../../src/cluster/ports.ts'
import { ConflictError } from '../../src/cluster/ports.ts'
import type { Cursors, Run, RunStatus, StoredRun } from '../../src/runs/run.ts'

/** A cluster to be tested. */
export interface RunClusterUnderTest {
  runs: RunCluster
  /** A namespace that holds nothing yet. */
  namespace: string
  close(): Promise<void>
}

/** What every RunCluster promises. */
export function testRunCluster(adapter: string, open: () => Promise<RunClusterUnderTest>): void {
  describe(`runs on ${adapter}`, () => {
    let opened: RunClusterUnderTest
    let runs: RunCluster
    let namespace: string

    beforeEach(async () => {
      opened = await open()
      ;({ runs, namespace } = opened)
    })

    afterEach(async () => {
      await opened.close()
    })

    const aRun = (over: { name?: string; repository?: string; finalizers?: string[] } = {}): Run => ({
      apiVersion: 'fusee.dev/v1alpha1',
      kind: 'Run',
      metadata: {
        name: over.name ?? 'nightly-2345678923',
        namespace,
        labels: { 'fusee.dev/workflow': 'nightly' },
        annotations: { 'fusee.dev/created-at': '2026-11-20T12:00:00.123Z' },
        ...(over.finalizers === undefined ? {} : { finalizers: over.finalizers }),
      },
      spec: {
        repository: over.repository ?? 'sample',
        workflow: 'nightly',
        commit: 'a'.repeat(40),
        trigger: { kind: 'Push', branch: 'main' },
        params: { site: 'www.example.org' },
        rerunOf: null,
      },
    })

    const created = async (over: Parameters<typeof aRun>[0] = {}): Promise<StoredRun> => {
      const creation = await runs.createRun(aRun(over))
      expect(creation.kind).toBe('Created')
      return creation.object
    }

    const isGone = async (run: StoredRun): Promise<boolean> => (await runs.getRun(run.metadata)) === null

    it('gives a new Run an identity and keeps what was asked for', async () => {
      const run = await created({ finalizers: ['fusee.dev/record'] })
      expect(run.metadata.uid).toMatch(/./)
      expect(run.metadata.resourceVersion).toMatch(/./)
      expect(Date.parse(run.metadata.creationTimestamp)).not.toBeNaN()
      expect(run).toMatchObject(aRun({ finalizers: ['fusee.dev/record'] }))
      expect(await runs.getRun(run.metadata)).toEqual(run)
    })

    it('returns the Run that has the name, and leaves it as it is', async () => {
      const first = await created()
      const creation = await runs.createRun({ ...aRun(), spec: { ...aRun().spec, commit: 'b'.repeat(40) } })
      expect(creation).toEqual({ kind: 'Exists', object: first })
      expect(await runs.getRun(first.metadata)).toEqual(first)
    })

    it('lets one of many creators of a name win', async () => {
      const creations = await Promise.all(Array.from({ length: 8 }, () => runs.createRun(aRun())))
      expect(creations.filter((creation) => creation.kind === 'Created')).toHaveLength(1)
      expect(new Set(creations.map((creation) => creation.object.metadata.uid)).size).toBe(1)
    })

    it('knows no Run that was never created', async () => {
      expect(await runs.getRun({ namespace, name: 'nobody' })).toBeNull()
    })

    it('lists the Runs of one Repository', async () => {
      await created({ name: 'a' })
      await created({ name: 'b' })
      await created({ name: 'c', repository: 'other' })
      const names = (await runs.listRuns({ namespace, repository: 'sample' })).map((run) => run.metadata.name)
      expect(names.sort()).toEqual(['a', 'b'])
    })

    it('lists the Runs of all Repositories', async () => {
      await created({ name: 'a' })
      await created({ name: 'b', repository: 'other' })
      const names = (await runs.listRuns()).filter((run) => run.metadata.namespace === namespace).map((run) => run.metadata.name)
      expect(names.sort()).toEqual(['a', 'b'])
    })

    it('writes status, spec, labels and finalizers, and nothing else', async () => {
      const run = await created({ finalizers: ['fusee.dev/record'] })
      const wanted: StoredRun = {
        ...run,
        metadata: {
          ...run.metadata,
          labels: { team: 'data' },
          finalizers: ['fusee.dev/record', 'example.com/other'],
          creationTimestamp: '2001-01-01T00:00:00Z',
        },
        spec: { ...run.spec, cancel: { by: 'mia', reason: 'wrong site' }, approvals: [{ step: 'gate', by: 'mia', at: '2026-11-20T12:00:00Z' }] },
        status: { phase: 'Pending', steps: [] },
      }
      const updated = await runs.updateRun(wanted)
      expect(updated.metadata.resourceVersion).not.toBe(run.metadata.resourceVersion)
      expect(updated).toMatchObject({
        metadata: {
          uid: run.metadata.uid,
          labels: { team: 'data' },
          annotations: { 'fusee.dev/created-at': '2026-11-20T12:00:00.123Z' },
          finalizers: ['fusee.dev/record', 'example.com/other'],
          creationTimestamp: run.metadata.creationTimestamp,
        },
        spec: wanted.spec,
        status: { phase: 'Pending', steps: [] },
      })
      expect(await runs.getRun(run.metadata)).toEqual(updated)
    })

    it('keeps where the record of a Run is, also when that changes', async () => {
      const run = await created({ finalizers: ['fusee.dev/record'] })
      const metadata = { ...run.metadata, finalizers: [] }
      const finished: RunStatus = { phase: 'Finished', result: 'Succeeded', steps: [] }
      const marked = await runs.updateRun({
        ...run,
        metadata,
        status: { ...finished, recorded: { commit: 'b'.repeat(40), at: '2026-11-20T12:00:00Z' } },
      })
      expect((await runs.getRun(run.metadata))?.status?.recorded).toEqual({ commit: 'b'.repeat(40), at: '2026-11-20T12:00:00Z' })
      const recorded = { commit: 'c'.repeat(40), at: '2026-11-20T13:00:00Z', beside: true } as const
      await runs.updateRun({ ...marked, status: { ...finished, recorded } })
      expect((await runs.getRun(run.metadata))?.status?.recorded).toEqual(recorded)
    })

    it('refuses a write that is based on an older version', async () => {
      const run = await created()
      const newer = await runs.updateRun({ ...run, status: { phase: 'Pending', steps: [] } })
      await expect(runs.updateRun({ ...run, status: { phase: 'Running', steps: [] } })).rejects.toBeInstanceOf(ConflictError)
      expect(await runs.getRun(run.metadata)).toEqual(newer)
    })

    it('lets one of two writers of the same version win', async () => {
      const run = await created()
      const write = (phase: 'Pending' | 'Running'): Promise<StoredRun> => runs.updateRun({ ...run, status: { phase, steps: [] } })
      const outcomes = await Promise.allSettled([write('Pending'), write('Running')])
      expect(outcomes.map((outcome) => outcome.status).sort()).toEqual(['fulfilled', 'rejected'])
    })

    it('refuses to write a Run that is gone', async () => {
      const run = await created()
      await runs.deleteRun(run)
      await expect(runs.updateRun({ ...run, status: { phase: 'Pending', steps: [] } })).rejects.toBeInstanceOf(ConflictError)
    })

    it('refuses to write a Run that has the name of one that is gone', async () => {
      const former = await created()
      await runs.deleteRun(former)
      const heir = await created()
      await expect(runs.updateRun({ ...former, status: { phase: 'Pending', steps: [] } })).rejects.toBeInstanceOf(ConflictError)
      expect(await runs.getRun(heir.metadata)).toEqual(heir)
    })

    it('deletes a Run without finalizers at once', async () => {
      const run = await created()
      await runs.deleteRun(run)
      expect(await isGone(run)).toBe(true)
      expect(await runs.listRuns({ namespace, repository: 'sample' })).toEqual([])
      await runs.deleteRun(run)
    })

    it('keeps a deleted Run until its finalizers are lifted', async () => {
      const run = await created({ finalizers: ['fusee.dev/record'] })
      await runs.deleteRun(run)
      const marked = await runs.getRun(run.metadata)
      expect(marked?.metadata.deletionTimestamp).toMatch(/^\d{4}-/)
      if (marked === null) return
      await runs.updateRun({ ...marked, metadata: { ...marked.metadata, finalizers: [] } })
      expect(await isGone(run)).toBe(true)
    })

    it('does not delete a Run that has the name of one that is gone', async () => {
      const former = await created()
      await runs.deleteRun(former)
      const heir = await created()
      expect(heir.metadata.uid).not.toBe(former.metadata.uid)
      await runs.deleteRun(former)
      expect(await runs.getRun(heir.metadata)).toEqual(heir)
    })

    it('hands out Runs through which nobody changes what is stored', async () => {
      const run = await created()
      // Shared ones are frozen.
      if (!Object.isFrozen(run.spec.params)) run.spec.params['site'] = 'changed'
      expect((await runs.getRun(run.metadata))?.spec.params['site']).toBe('www.example.org')
    })

    it('tells of every change of a Run and of the version that it made, until told to stop', async () => {
      const heard: ClusterEvent[] = []
      const stop = runs.subscribe((event) => heard.push(event))
      const ref = { namespace, name: 'nightly-2345678923' }
      const hears = async (change: () => Promise<StoredRun | null>): Promise<void> => {
        heard.length = 0
        const version = (await change())?.metadata.resourceVersion ?? null
        const wanted: ClusterEvent = { kind: 'Run', ref, version }
        await expect.poll(() => heard).toContainEqual(wanted)
      }
      let run: StoredRun | null = null
      await hears(async () => (run = await created()))
      await hears(async () => (run = run && (await runs.updateRun({ ...run, status: { phase: 'Pending', steps: [] } }))))
      await hears(async () => {
        if (run !== null) await runs.deleteRun(run)
        return null
      })
      stop()
      heard.length = 0
      await created({ name: 'unheard' })
      expect(heard).toEqual([])
    })

    const someCursors: Cursors = {
      resourceVersion: '',
      lastCommit: 'a'.repeat(40),
      rewound: false,
      validCommits: { nightly: 'a'.repeat(40) },
      validScheduleCommits: {},
      schedules: { nightly: { judgedUpTo: '2026-11-20T01:00:00Z', form: 'x' } },
      fates: [{ schedule: 'nightly', workflow: 'nightly', at: '2026-11-20T01:00:00Z', fate: 'Missed', reason: 'down', run: null }],
      conditions: [],
    }

    it('has no cursors before the first write', async () => {
      expect(await runs.readCursors({ namespace, name: 'sample' })).toBeNull()
    })

    it('keeps cursors whole, one set a Repository', async () => {
      const written = await runs.writeCursors({ namespace, name: 'sample' }, someCursors)
      expect(written).toEqual({ ...someCursors, resourceVersion: written.resourceVersion })
      expect(written.resourceVersion).not.toBe('')
      expect(await runs.readCursors({ namespace, name: 'sample' })).toEqual(written)
      expect(await runs.readCursors({ namespace, name: 'other' })).toBeNull()
      const next = await runs.writeCursors({ namespace, name: 'sample' }, { ...written, lastCommit: 'b'.repeat(40), fates: [] })
      expect(await runs.readCursors({ namespace, name: 'sample' })).toEqual(next)
    })

    it('refuses cursors that are based on an older version', async () => {
      const ref = { namespace, name: 'sample' }
      const first = await runs.writeCursors(ref, someCursors)
      const second = await runs.writeCursors(ref, { ...first, rewound: true })
      await expect(runs.writeCursors(ref, { ...first, lastCommit: null })).rejects.toBeInstanceOf(ConflictError)
      await expect(runs.writeCursors(ref, someCursors)).rejects.toBeInstanceOf(ConflictError)
      expect(await runs.readCursors(ref)).toEqual(second)
    })

    it('lets one of two first writers of cursors win', async () => {
      const ref = { namespace, name: 'sample' }
      const outcomes = await Promise.allSettled([runs.writeCursors(ref, someCursors), runs.writeCursors(ref, someCursors)])
      expect(outcomes.map((outcome) => outcome.status).sort()).toEqual(['fulfilled', 'rejected'])
    })
  })
}
