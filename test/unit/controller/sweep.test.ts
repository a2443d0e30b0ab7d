import { describe, expect, it } from 'vitest'
import { GitError } from '../../../src/git/ports.ts'
import { createRunObject } from '../../../src/runs/create-run.ts'
import type { Job } from '../../../src/runs/objects.ts'
import { FINALIZER } from '../../../src/runs/objects.ts'
import { createVirtualWorld, workflowFile } from '../../support/virtual-world.ts'

const HOUR = 3_600_000

describe('sweeping', () => {
  it('keeps as many runs as the workflow says, and their records for ever', async () => {
    const world = await createVirtualWorld({
      files: workflowFile('beat', 'triggers: {schedule: [{cron: "*/10 * * * *"}]}\nretention: {succeeded: 2}'),
    })
    await world.pass(HOUR)
    expect(await world.runs()).toHaveLength(2)
    expect([...(await world.git.readFiles()).keys()].filter((path) => /\/beat-[^/]*\.json$/.test(path))).toHaveLength(6)
  })

  it('takes nothing that is not recorded, whatever retention says', async () => {
    const world = await createVirtualWorld({
      files: workflowFile('beat', 'triggers: {schedule: [{cron: "*/10 * * * *"}]}\nretention: {succeeded: 0}'),
    })
    const [followed] = world.context.repositories.current()
    if (followed !== undefined) followed.status.commit = () => Promise.reject(new Error('away'))
    await world.pass(2 * HOUR)
    expect(await world.runs()).toHaveLength(12)
  })

  it('takes nothing whose record the status branch has lost since: it is written again first', async () => {
    const world = await createVirtualWorld({
      files: workflowFile('beat', 'triggers: {schedule: [{cron: "0 1 * * *"}]}\nretention: {maxAge: 90m}'),
    })
    await world.pass(HOUR / 2)
    const before = world.git.tip('fusee/status')
    await world.pass(HOUR / 2)
    const recordOf = async () => [...(await world.git.readFiles()).keys()].filter((path) => /\/beat-[^/]*\.json$/.test(path))
    const [record] = await recordOf()
    expect(record).toMatch(/beat/)
    world.git.reset(before, 'fusee/status')
    await world.outage(3 * HOUR)
    await world.pass(HOUR / 4)
    expect({ records: await recordOf(), runs: await world.runs() }).toEqual({ records: [record], runs: [] })
  })

  it('takes nothing while the status branch cannot be read, and goes on once it can', async () => {
    const world = await createVirtualWorld({
      files: workflowFile('beat', 'triggers: {schedule: [{cron: "0 1 * * *"}]}\nretention: {maxAge: 90m}'),
    })
    await world.pass(HOUR)
    const [followed] = world.context.repositories.current()
    const fetchTip = followed?.status.fetchTip
    if (followed === undefined || fetchTip === undefined) throw new Error('nothing is followed')
    followed.status.fetchTip = () => Promise.reject(new GitError('Unreachable', 'away'))
    await world.pass(5 * HOUR)
    expect(await world.runs()).toHaveLength(1)
    followed.status.fetchTip = fetchTip
    await world.pass(HOUR)
    expect(await world.runs()).toEqual([])
  })

  it('takes the recorded runs of a workflow whose file was deleted, with their Jobs, once they are an hour old, and leaves their records', async () => {
    const world = await createVirtualWorld({ files: workflowFile('beat', 'triggers: {schedule: [{cron: "*/10 * * * *"}]}') })
    await world.pass(HOUR)
    expect(await world.runs()).toHaveLength(6)
    await world.git.pushCommit({ 'workflows/beat.yaml': null })
    await world.pass(HOUR / 12)
    const jobs = async () => (await world.cluster.jobs.listJobs()).length
    expect([(await world.runs()).length, await jobs()]).toEqual([6, 6])
    await world.pass(2.5 * HOUR)
    expect([(await world.runs()).length, await jobs()]).toEqual([0, 0])
    expect([...(await world.git.readFiles()).keys()].filter((path) => /\/beat-[^/]*\.json$/.test(path))).toHaveLength(6)
  })

  it('names runs of a Repository that nobody follows, once, and takes those that are recorded', async () => {
    const world = await createVirtualWorld({ files: workflowFile('beat', 'triggers: {push: {}}') })
    const orphan = (workflow: string) =>
      createRunObject(
        { namespace: 'default', name: 'gone' },
        { workflow, commit: 'a'.repeat(40), trigger: { kind: 'Push', branch: 'main' }, params: {} },
      )
    const open = (await world.cluster.runs.createRun(orphan('open'))).object
    const { object: old } = await world.cluster.runs.createRun(orphan('old'))
    await world.cluster.runs.updateRun({
      ...old,
      metadata: { ...old.metadata, finalizers: [] },
      status: { phase: 'Finished', steps: [], result: 'Succeeded', recorded: { commit: 'b'.repeat(40), at: '2026-11-20T00:00:00.000Z' } },
    })
    await world.pass(2 * 60_000)
    expect((await world.runs()).map(({ metadata }) => metadata.name)).toEqual([open.metadata.name])
    expect(world.events.filter(({ kind }) => kind === 'OrphanFound')).toEqual([
      { kind: 'OrphanFound', repository: 'default/gone', run: open.metadata.name, job: null },
    ])
  })
})

describe('Jobs whose Run is gone', () => {
  const MINUTE = 60_000

  async function worldWithOrphan(isRecorded: boolean) {
    const world = await createVirtualWorld({ files: workflowFile('beat', 'triggers: {schedule: [{cron: "0 * * * *"}]}') })
    await world.pass(HOUR)
    const [run] = await world.runs()
    if (run === undefined) throw new Error('no run')
    const name = isRecorded ? run.metadata.name : 'beat-unheard-of'
    const labels = { 'fusee.dev/repository': 'jobs', 'fusee.dev/workflow': 'beat', 'fusee.dev/run': name, 'fusee.dev/step': 'only' }
    const job: Job = {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { namespace: 'default', name: 'left-over', labels, finalizers: [FINALIZER] },
      spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'step', image: 'busybox' }] } } },
    }
    await world.cluster.jobs.createJob(job)
    if (isRecorded) await world.cluster.runs.deleteRun(run)
    const about = { repository: 'default/jobs', run: name, job: 'left-over' }
    const left = async () => (await world.cluster.jobs.listJobs()).filter(({ job: { metadata } }) => metadata.name === 'left-over')
    const told = () => world.events.filter(({ kind }) => kind === 'OrphanFound' || kind === 'OrphanSwept')
    return { world, about, left, told }
  }

  it('go when the record of that run is on the status branch', async () => {
    const { world, about, left, told } = await worldWithOrphan(true)
    await world.pass(2 * MINUTE)
    expect(await left()).toEqual([])
    expect(told()).toEqual([{ kind: 'OrphanSwept', ...about }])
  })

  it('are named once and kept without a record, until somebody deletes them', async () => {
    const { world, about, left, told } = await worldWithOrphan(false)
    await world.pass(10 * MINUTE)
    const [orphan] = await left()
    if (orphan === undefined) throw new Error('it is gone')
    expect(told()).toEqual([{ kind: 'OrphanFound', ...about }])
    await world.cluster.jobs.deleteJob(orphan.job)
    await world.pass(2 * MINUTE)
    expect(await left()).toEqual([])
    expect(told()).toEqual([
      { kind: 'OrphanFound', ...about },
      { kind: 'OrphanSwept', ...about },
    ])
  })

  it('are left alone where their Run is only listed late', async () => {
    const { world, told } = await worldWithOrphan(false)
    const get = world.context.runs.getRun.bind(world.context.runs)
    const [other] = await world.runs()
    world.context.runs.getRun = (ref) => (ref.name === 'beat-unheard-of' ? Promise.resolve(other ?? null) : get(ref))
    await world.pass(10 * MINUTE)
    expect(told()).toEqual([])
  })
})
