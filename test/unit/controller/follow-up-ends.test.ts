import { describe, expect, it } from 'vitest'
import { createVirtualWorld, workflowFile } from '../../support/virtual-world.ts'

const files = {
  ...workflowFile('load', 'triggers: {push: {paths: [data/**]}}'),
  ...workflowFile('report', 'triggers: {workflow: [{name: load, result: Succeeded}]}\nretention: {succeeded: 0}'),
  ...workflowFile('publish', 'triggers: {workflow: [{name: report}]}'),
}

describe('a workflow after a workflow', () => {
  it('starts when the other has ended, a chain of them in turn, and says why', async () => {
    const world = await createVirtualWorld({ files })
    await world.git.pushCommit({ 'data/a': '1' })
    await world.pass(120_000)
    const [load, publish] = await world.runs()
    expect([load, publish].map((run) => run?.spec.workflow)).toEqual(['load', 'publish'])
    const record = [...(await world.git.readFiles())].find(([path]) => /^history\/report\/.*\/report-[^/]*\.json$/.test(path))
    expect(JSON.parse(record?.[1] ?? '')).toMatchObject({
      result: 'Succeeded',
      trigger: { kind: 'Workflow', workflow: 'load', run: load?.metadata.name },
    })
  })

  it('starts although the status branch is away', async () => {
    const world = await createVirtualWorld({ files })
    const [followed] = world.context.repositories.current()
    if (followed !== undefined) followed.status.commit = () => Promise.reject(new Error('away'))
    await world.git.pushCommit({ 'data/a': '1' })
    await world.pass(120_000)
    expect((await world.runs()).map((run) => run.spec.workflow)).toEqual(['load', 'publish', 'report'])
  })

  it.each(['before', 'after'])('starts once when the controller stops %s its Run is made', async (side) => {
    let stops = false
    const world = await createVirtualWorld({
      files,
      async writeSite(point, write) {
        const stop = stops && point === 'run-created'
        if (stop && side === 'before') return new Promise<never>(() => undefined)
        const value = await write()
        return stop ? new Promise<never>(() => undefined) : value
      },
    })
    await world.git.pushCommit({ 'data/a': '1' })
    await world.clock.runUntil(world.clock.now() + 60_000, () => {
      const has = world.events.some((event) => event.kind === 'RunCreated')
      stops = has
      return false
    })
    stops = false
    await world.kill()
    await world.pass(120_000)
    const records = [...(await world.git.readFiles()).keys()].filter((path) => /^history\/(report|publish|load)\/.*\.json$/.test(path))
    expect(records.map((path) => path.split('/')[1])).toEqual(['load', 'publish', 'report'])
  })

  it('of which the record is there does not start again when the mark on the first run was lost', async () => {
    const world = await createVirtualWorld({ files })
    await world.git.pushCommit({ 'data/a': '1' })
    await world.pass(120_000)
    const load = (await world.runs()).find((run) => run.spec.workflow === 'load')
    if (load?.status === undefined) throw new Error('no run')
    const { recorded: _, ...status } = load.status
    await world.kill()
    await world.cluster.runs.updateRun({ ...load, status })
    const before = world.events.length
    await world.pass(120_000)
    expect(world.events.slice(before).filter(({ kind }) => kind === 'RunCreated')).toEqual([])
  })
})
