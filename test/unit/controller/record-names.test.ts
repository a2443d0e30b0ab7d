import { expect, it } from 'vitest'
import { learnRecordNames } from '../../../src/controller/record-names.ts'
import { startOnRequest } from '../../../src/controller/start-on-request.ts'
import { GitError } from '../../../src/git/ports.ts'
import type { VirtualWorld } from '../../support/virtual-world.ts'
import { createVirtualWorld, workflowFile } from '../../support/virtual-world.ts'

/** A restart after two runs by webhook that were recorded and swept; hears which folders are listed from then on, each after `before`. */
async function restarted(before: () => Promise<void> = () => Promise.resolve()): Promise<{ world: VirtualWorld; listed: string[] }> {
  const world = await createVirtualWorld({ files: workflowFile('nightly', 'triggers: {webhook: [{name: nightly}]}\nretention: {succeeded: 0}') })
  for (const delivery of ['one', 'two']) {
    void call(world, delivery)
    await world.pass(60_000)
  }
  expect(await world.runs()).toEqual([])
  await world.controller.drain()
  const listed: string[] = []
  const open = world.git.open.bind(world.git)
  world.git.open = () => {
    const { source, status } = open()
    const list: typeof status.list = async (folder) => {
      listed.push(folder)
      await before()
      return status.list(folder)
    }
    return { source, status: { ...status, list } }
  }
  await world.outage(60_000)
  await world.pass(60_000)
  return { world, listed }
}

async function call({ context, controller }: VirtualWorld, delivery: string) {
  const [state] = controller.repositories()
  if (state === undefined) throw new Error('nothing is followed')
  return startOnRequest(context, state, { workflow: 'nightly', params: {}, trigger: { kind: 'Webhook', name: 'nightly', delivery } }, controller.wake)
}

it('the first webhook after a start is answered without reading the history', async () => {
  const { world, listed } = await restarted()
  expect(listed).toContain('history/nightly/2026/11/20')
  listed.length = 0
  expect(await call(world, 'one')).toMatchObject({ kind: 'Recorded' })
  expect(await call(world, 'three')).toMatchObject({ kind: 'Created' })
  expect(listed.filter((folder) => folder.startsWith('history/nightly/2026/'))).toEqual([])
})

it('a history that cannot be read then is read when it is asked for', async () => {
  const { world } = await restarted(() => Promise.reject(new GitError('Unreachable', 'git.example.com does not answer')))
  expect(world.events.filter(({ kind }) => kind === 'ReconcileFailed')).toEqual([])
  await expect(call(world, 'one')).rejects.toThrow('git.example.com does not answer')
})

it('while the history is being read a webhook is told to come again at once, and nothing is ready', async () => {
  let goOn = (): void => undefined
  const read = new Promise<void>((resolve) => (goOn = resolve))
  const { world } = await restarted(() => read)
  expect(await call(world, 'three')).toMatchObject({ kind: 'Refused', reason: 'NotReady', message: expect.stringContaining('history') as unknown })
  expect(world.controller.isReady()).toBe(false)
  goOn()
  await world.pass(1000)
  expect(world.controller.isReady()).toBe(true)
  expect(await call(world, 'three')).toMatchObject({ kind: 'Created' })
})

it('a webhook whose Run is there needs no history', async () => {
  const { world } = await restarted()
  expect(await call(world, 'three')).toMatchObject({ kind: 'Created' })
  for (const state of world.controller.repositories()) state.namesLearned = false
  expect(await call(world, 'three')).toMatchObject({ kind: 'Exists' })
  expect(await call(world, 'four')).toMatchObject({ kind: 'Refused', reason: 'NotReady' })
})

it('before the very first look it is not known whose names are to be read', async () => {
  const { world } = await restarted()
  const [state] = world.controller.repositories()
  if (state === undefined) throw new Error('nothing is followed')
  const fresh = { ...state, look: 'Pending' as const, namesLearned: false, versions: { workflows: new Map(), schedules: new Map() } }
  await learnRecordNames(fresh)
  expect(fresh.namesLearned).toBe(false)
  await learnRecordNames(Object.assign(fresh, { look: 'Ended' }))
  expect(fresh.namesLearned).toBe(true)
})

it('a disk that fails while the history is read keeps nobody from being ready', async () => {
  const { world } = await restarted(() => Promise.reject(new Error('EIO')))
  expect(world.events).toContainEqual(expect.objectContaining({ kind: 'ReconcileFailed' }))
  expect(world.controller.isReady()).toBe(true)
})

it('a controller that was ready with a Repository stays so while the history is read at last', async () => {
  const { world } = await restarted(() => Promise.reject(new Error('EIO')))
  expect(world.controller.isReady()).toBe(true)
  for (const state of world.controller.repositories()) state.namesLearned = false
  expect(world.controller.isReady()).toBe(true)
})
