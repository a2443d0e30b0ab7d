import { beforeEach, describe, expect, it } from 'vitest'
import { isSimilar } from '../../../src/controller/moved-files.ts'
import type { ControlledWorld, RunningController } from '../../support/controlled-world.ts'
import { MINUTE_MS, createControlledWorld, everyMinute } from '../../support/controlled-world.ts'

const FILE = 'workflows/night.yaml'
const GOOD = everyMinute('night')
/** Says which version ran. */
const version = (number: number): string => GOOD.replace('echo done', `echo ${number}`)
const BROKEN = GOOD.replace('steps:', 'stepps:')

let world: ControlledWorld
beforeEach(() => {
  world = createControlledWorld()
})

/** Scripts of the scheduled runs that began in the next three minutes. */
async function ranNext(running: RunningController): Promise<Set<string>> {
  await world.pass(MINUTE_MS)
  const before = new Set((await running.runs()).map(({ metadata }) => metadata.name))
  await world.pass(3 * MINUTE_MS)
  const runs = (await running.runs()).filter(({ metadata, spec }) => !before.has(metadata.name) && spec.trigger.kind === 'Schedule')
  return new Set(runs.flatMap(({ status }) => JSON.stringify(status?.definition ?? null).match(/echo \w+/g) ?? ['none']))
}

describe('a schedule whose workflow was broken by a push', () => {
  const breaks: { what: string; files: Record<string, string | null> }[] = [
    { what: 'in its own file', files: { [FILE]: BROKEN } },
    { what: 'so that it is no YAML', files: { [FILE]: `${version(1)}\n\t[` } },
    { what: 'so that nothing of it is left but a mistake', files: { [FILE]: '\t[' } },
    { what: 'and given another name', files: { [FILE]: BROKEN.replace('name: night', 'name: noon') } },
    { what: 'and moved to another file', files: { [FILE]: null, 'workflows/deep/moved.yaml': BROKEN } },
    {
      what: 'and moved to another file under another name',
      files: { [FILE]: null, 'workflows/noon.yaml': BROKEN.replace('name: night', 'name: noon') },
    },
    {
      what: 'and moved so that it is no YAML',
      files: { [FILE]: null, 'workflows/noon.yaml': `${version(1).replace('name: night', 'name: noon')}\n\t[` },
    },
  ]
  it.each(breaks)('goes on as it was: $what', async ({ files }) => {
    await world.push({ [FILE]: version(1) })
    const cluster = world.createCluster()
    const running = world.start(cluster)
    expect(await ranNext(running)).toEqual(new Set(['echo 1']))
    await world.push(files)
    expect(await ranNext(running)).toEqual(new Set(['echo 1']))
    await world.push({ 'unrelated.txt': '1' })
    expect(await ranNext(running)).toEqual(new Set(['echo 1']))
    await running.stop()
    const again = world.start(cluster)
    expect(await ranNext(again)).toEqual(new Set(['echo 1']))
    await again.stop()
  })

  it('is told of by a condition of the Repository, until it is mended', async () => {
    const good = await world.push({ [FILE]: version(1) })
    const running = world.start(world.createCluster())
    await world.pass(MINUTE_MS)
    expect(await running.condition('DefinitionsValid')).toMatchObject({ status: 'True', message: `no file is in error at ${good.slice(0, 10)}` })
    const bad = await world.push({ [FILE]: BROKEN, 'workflows/new.yaml': '\t[' })
    await world.pass(MINUTE_MS)
    const { status, reason, message } = (await running.condition('DefinitionsValid')) ?? {}
    expect({ status, reason }).toEqual({ status: 'False', reason: 'Invalid' })
    expect(message).toMatch(
      new RegExp(`^\\d errors at ${bad.slice(0, 10)}: workflows/new\\.yaml:1:\\d+: .*; ${FILE}:\\d+:\\d+: .*unknown field "stepps"`),
    )
    expect(message).toMatch(new RegExp(`\\. In force as it was valid last: night at ${good.slice(0, 10)}$`))
    await world.push({ [FILE]: version(2), 'workflows/new.yaml': null })
    await world.pass(MINUTE_MS)
    expect(await running.condition('DefinitionsValid')).toMatchObject({ status: 'True', reason: 'Valid' })
    await running.stop()
  })

  it('goes on as it was last valid, also when the answer to the first move of the cursor after a start is lost', async () => {
    await world.push({ [FILE]: version(1) })
    const cluster = world.createCluster()
    const first = world.start(cluster)
    expect(await ranNext(first)).toEqual(new Set(['echo 1']))
    await first.stop()
    await world.push({ [FILE]: version(2) })
    const tip = await world.push({ [FILE]: BROKEN })
    const { writeCursors } = cluster.runs
    let isLost = false
    cluster.runs.writeCursors = async (ref, cursors) => {
      const written = await writeCursors(ref, cursors)
      if (isLost || cursors.lastCommit !== tip) return written
      isLost = true
      throw new Error('the answer is lost')
    }
    const second = world.start(cluster)
    expect(await ranNext(second)).toEqual(new Set(['echo 2']))
    expect(isLost).toBe(true)
    await second.stop()
  })

  const job = (name: string): string => `apiVersion: batch/v1
kind: Job
metadata: {name: ${name}}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: busybox, command: [echo, done]}]}}}
`
  it.each([
    { what: 'a manifest that it names', files: { 'jobs/one.yaml': 'kind: Nothing' } },
    { what: 'a manifest that it names, which is gone', files: { 'jobs/one.yaml': null } },
  ])('goes on when it is broken by $what', async ({ files }) => {
    const workflow = version(1).replace('steps: [', 'steps: [{name: one, manifest: jobs/one.yaml}, ')
    await world.push({ [FILE]: workflow, 'jobs/one.yaml': job('one') })
    const running = world.start(world.createCluster())
    expect(await ranNext(running)).toEqual(new Set(['echo 1']))
    await world.push(files)
    expect(await ranNext(running)).toEqual(new Set(['echo 1']))
    await running.stop()
  })

  it('runs what was valid last, also between two looks', async () => {
    await world.push({ [FILE]: version(1) })
    const running = world.start(world.createCluster())
    await world.pass(MINUTE_MS)
    await world.push({ [FILE]: version(2) })
    await world.push({ 'workflows/other.yaml': everyMinute('other').replace('done', 'other') })
    await world.push({ [FILE]: BROKEN, 'workflows/other.yaml': '\t[' })
    expect(await ranNext(running)).toEqual(new Set(['echo 2', 'echo other']))
    await running.stop()
  })

  it('is found in the history by a controller that comes later, without its past', async () => {
    await world.push({ [FILE]: version(1) })
    await world.push({ [FILE]: version(2), 'workflows/gone.yaml': everyMinute('gone') })
    await world.push({ 'workflows/gone.yaml': 'a: 1' })
    await world.push({ [FILE]: BROKEN, 'workflows/gone.yaml': '\t[' })
    const running = world.start(world.createCluster())
    expect(await ranNext(running)).toEqual(new Set(['echo 2']))
    await running.stop()
  })

  it('is gone when its file is deleted, or no longer holds it, though another file is in error', async () => {
    await world.push({ [FILE]: version(1), 'workflows/a.yaml': everyMinute('a') })
    const running = world.start(world.createCluster())
    await world.pass(MINUTE_MS)
    await world.push({ [FILE]: null, 'workflows/a.yaml': 'a: 1', 'workflows/new.yaml': '\t[' })
    expect(await ranNext(running)).toEqual(new Set())
    await running.stop()
  })
})

describe('after a forced push that breaks the workflow', () => {
  async function rewrite(): Promise<{ kept: RunningController; cluster: ReturnType<ControlledWorld['createCluster']> }> {
    await world.push({ [FILE]: version(1) })
    const kept = world.git.tip('main')
    const cluster = world.createCluster()
    const running = world.start(cluster)
    await world.push({ [FILE]: version(2), 'workflows/young.yaml': everyMinute('young').replace('done', 'young') })
    expect(await ranNext(running)).toEqual(new Set(['echo 2', 'echo young']))
    world.git.reset(kept)
    await world.push({ [FILE]: BROKEN, 'workflows/young.yaml': '\t[' })
    return { kept: running, cluster }
  }

  it('the newest valid commit of the new history is in force, and of what it never had the last one', async () => {
    const { kept } = await rewrite()
    expect(await ranNext(kept)).toEqual(new Set(['echo 1', 'echo young']))
    await kept.stop()
  })

  it('a restart finds the same, though the old commits are gone', async () => {
    const { kept, cluster } = await rewrite()
    await ranNext(kept)
    await kept.stop()
    const again = world.start(cluster)
    const ran = await ranNext(again)
    expect(ran).toContain('echo 1')
    expect(ran).not.toContain('echo 2')
    await again.stop()
  })

  it('what is in force goes along into each new copy of the repository, also when that is made by the first look after a start', async () => {
    world.isForgetful = true
    await world.push({ [FILE]: version(1) })
    const cluster = world.createCluster()
    for (const next of [BROKEN, '\t[', `${version(1)}\n\t[`]) {
      const running = world.start(cluster)
      expect(await ranNext(running)).toEqual(new Set(['echo 1']))
      await running.stop()
      world.git.reset(null)
      await world.push({ [FILE]: next })
    }
    const last = world.start(cluster)
    expect(await ranNext(last)).toEqual(new Set(['echo 1']))
    world.git.reset(null)
    await world.push({ [FILE]: '\t[ again' })
    expect(await ranNext(last)).toEqual(new Set(['echo 1']))
    await last.stop()
  })
})

it('a controller that takes over goes on with what the one before had in force', async () => {
  await world.push({ [FILE]: version(1) })
  const first = world.start(world.createCluster())
  await world.pass(MINUTE_MS)
  await world.push({ [FILE]: BROKEN })
  expect(await ranNext(first)).toEqual(new Set(['echo 1']))
  await first.stop()
  // The same owner on an empty cluster: all that is left is the status branch.
  const second = world.start(world.createCluster())
  expect(await ranNext(second)).toEqual(new Set(['echo 1']))
  await second.stop()
})

it.each([
  { one: 'a\nb\nc\nd\n', other: 'a\nb\nc\nx\n', want: true },
  { one: 'a\nb\n', other: 'c\nd\n', want: false },
  { one: 'a\n'.repeat(10), other: 'a\n', want: false },
  { one: '', other: 'something', want: false },
  { one: 'same', other: 'same', want: true },
])('$one is like $other: $want', ({ one, other, want }) => {
  expect(isSimilar(one, other)).toBe(want)
  expect(isSimilar(other, one)).toBe(want)
})
