import { describe, expect, it } from 'vitest'
import { createRunObject } from '../../../src/runs/create-run.ts'
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

  it('takes the recorded runs of a workflow that was deleted, and leaves their records', async () => {
    const world = await createVirtualWorld({ files: workflowFile('beat', 'triggers: {schedule: [{cron: "*/10 * * * *"}]}') })
    await world.pass(HOUR)
    expect(await world.runs()).toHaveLength(6)
    await world.git.pushCommit({ 'workflows/beat.yaml': null })
    await world.pass(2.5 * HOUR)
    expect(await world.runs()).toEqual([])
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
      { kind: 'OrphanFound', repository: 'default/gone', run: open.metadata.name },
    ])
  })
})
