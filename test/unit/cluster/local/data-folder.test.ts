import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openDataFolder } from '../../../../src/cluster/local/data-folder.ts'
import { DataFolderInUseError } from '../../../../src/cluster/local/folder-lock.ts'
import { machineId, ownIdentity } from '../../../../src/cluster/local/process-identity.ts'
import { CorruptFileError } from '../../../../src/cluster/local/storage-errors.ts'
import { makeFolder } from '../../../support/local-cluster.ts'
import { bundleController, startController } from '../../../support/start-controller.ts'

let home: Awaited<ReturnType<typeof makeFolder>>
let data: string

beforeEach(async () => {
  home = await makeFolder()
  data = join(home.path, 'data')
})

afterEach(() => home.remove())

describe('a data folder', () => {
  it('is made where there is none, and for this user alone', async () => {
    const folder = await openDataFolder(join(data, 'deep'))
    expect(folder.path).toBe(join(data, 'deep'))
    expect(readdirSync(folder.path).sort()).toEqual(['controller-id', 'lock', 'tmp'])
    await folder.close()
  })

  it('keeps its id', async () => {
    const first = await openDataFolder(data)
    await first.close()
    const second = await openDataFolder(data)
    await second.close()
    expect(first.controllerId).toMatch(/^[0-9a-f-]{36}$/)
    expect(second.controllerId).toBe(first.controllerId)
  })

  it('never gives a version twice, also when it is opened again', async () => {
    const versions: string[] = []
    for (let opening = 0; opening < 3; opening++) {
      const folder = await openDataFolder(data)
      versions.push(folder.nextVersion(), folder.nextVersion())
      await folder.close()
    }
    expect(new Set(versions).size).toBe(6)
    expect(versions.map(Number)).toEqual(versions.map(Number).sort((a, b) => a - b))
  })

  it('clears what an earlier process was writing', async () => {
    mkdirSync(join(data, 'tmp', 'half'), { recursive: true })
    writeFileSync(join(data, 'tmp', '1.tmp'), '{"half')
    const folder = await openDataFolder(data)
    expect(readdirSync(join(data, 'tmp'))).toEqual([])
    await folder.close()
  })

  it('says what to do when a file is in its place', async () => {
    writeFileSync(data, '')
    await expect(openDataFolder(data)).rejects.toThrow(/a file is in its place.*--data/)
    await expect(openDataFolder(join(data, 'below'))).rejects.toThrow(/a file is in its place.*--data/)
  })

  it('names a damaged id and gives the folder free again', async () => {
    const folder = await openDataFolder(data)
    await folder.close()
    writeFileSync(join(data, 'controller-id'), '"half')
    await expect(openDataFolder(data)).rejects.toThrow(CorruptFileError)
    await expect(openDataFolder(data)).rejects.toThrow(join(data, 'controller-id'))
    rmSync(join(data, 'controller-id'))
    await (await openDataFolder(data)).close()
  })
})

describe('files of a data folder', () => {
  it('are created once, replaced whole, listed and removed', async () => {
    const { files, close } = await openDataFolder(data)
    expect(await files.create('a/b/c.json', { n: 1 })).toBe(true)
    expect(await files.create('a/b/c.json', { n: 2 })).toBe(false)
    expect(await files.read('a/b/c.json')).toEqual({ n: 1 })
    await files.write('a/b/c.json', { n: 3 })
    expect(await files.read('a/b/c.json')).toEqual({ n: 3 })
    expect(await files.list('a/b')).toEqual(['c.json'])
    await files.remove('a/b/c.json')
    await files.remove('a/b/c.json')
    expect(await files.read('a/b/c.json')).toBeNull()
    await files.removeFolder('a')
    await files.removeFolder('a')
    expect(await files.list('a')).toEqual([])
    expect(readdirSync(join(data, 'tmp'))).toEqual([])
    await close()
  })

  it.each(['', '{"half', 'null}'])('name a damaged one: %j', async (text) => {
    const { files, close } = await openDataFolder(data)
    writeFileSync(join(data, 'x.json'), text)
    await expect(files.read('x.json')).rejects.toThrow(CorruptFileError)
    await expect(files.read('x.json')).rejects.toThrow(join(data, 'x.json'))
    await close()
  })
})

describe('the lock of a data folder', () => {
  let program: Awaited<ReturnType<typeof makeFolder>>
  let controller: string

  beforeAll(async () => {
    program = await makeFolder()
    controller = await bundleController(program.path)
  })

  afterAll(() => program.remove())

  const holder = (over: object) => ({ ...ownIdentity(), host: hostname(), pipe: null, released: false, ...over })
  const leaveLock = (over: object): void => {
    mkdirSync(join(data, 'lock'), { recursive: true })
    writeFileSync(join(data, 'lock', '7'), JSON.stringify(holder(over)))
  }

  it('keeps a second one out, saying who holds it and what to do', async () => {
    const folder = await openDataFolder(data)
    const refusal = await openDataFolder(data).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(DataFolderInUseError)
    expect((refusal as Error).message).toContain(`${data} is in use by process ${process.pid} on ${hostname()}`)
    expect((refusal as Error).message).toContain('Stop that process')
    await folder.close()
    await (await openDataFolder(data)).close()
  })

  it('is free as soon as its holder is killed', async () => {
    for (let round = 0; round < 3; round++) {
      const first = await startController(controller, { path: data })
      expect(first.said).toBe('open')
      expect((await startController(controller, { path: data })).said).toBe('in use')
      await first.kill()
    }
    await (await openDataFolder(data)).close()
  })

  it('is got by one of many starters', async () => {
    for (const before of ['nothing', 'a killed holder', 'a holder that closed']) {
      const started = await Promise.all(Array.from({ length: 8 }, () => startController(controller, { path: data })))
      expect({ before, said: started.map(({ said }) => said).sort() }).toEqual({ before, said: [...Array<string>(7).fill('in use'), 'open'] })
      for (const one of started) await one.kill()
      if (before === 'a killed holder') await (await openDataFolder(data)).close()
    }
  })

  it('is got by one of many starters of one process', async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => openDataFolder(data)))
    const winners = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
    expect(winners).toHaveLength(1)
    await winners[0]?.close()
  })

  it('stays small however often the folder is opened', async () => {
    for (let opening = 0; opening < 70; opening++) await (await openDataFolder(data)).close()
    expect(readdirSync(join(data, 'lock')).length).toBeLessThanOrEqual(65)
  })

  const GONE = { pid: 2 ** 22 + 1, start: '1' }
  const wantOutcomes: { holder: string; left: object; want: 'taken over' | RegExp }[] = [
    { holder: 'released', left: { released: true }, want: 'taken over' },
    { holder: 'a process of this boot that has gone', left: GONE, want: 'taken over' },
    { holder: 'a process of this boot that lives', left: {}, want: /is in use by process/ },
    { holder: 'a later process with the same pid', left: { start: '1' }, want: 'taken over' },
    { holder: 'one of an earlier boot of this machine', left: { machine: 'other.1' }, want: 'taken over' },
    {
      holder: 'one of another machine',
      left: { machine: 'other.1', host: 'elsewhere' },
      want: /was last used by process .* on elsewhere.*delete .*\/lock\/7/,
    },
    {
      holder: 'one of another container without a pipe',
      left: { ...GONE, machine: `${machineId().split('.')[0]}.1` },
      want: /cannot be seen from here/,
    },
    {
      holder: 'one of another container whose pipe nobody reads',
      left: { machine: `${machineId().split('.')[0]}.1`, pipe: 'gone.pipe' },
      want: 'taken over',
    },
  ]
  it.each(wantOutcomes)('left by $holder', async ({ left, want }) => {
    leaveLock(left)
    if (want === 'taken over') {
      const folder = await openDataFolder(data)
      expect(Object.keys(JSON.parse(readFileSync(join(data, 'lock', '8'), 'utf8')) as object)).toContain('pid')
      await folder.close()
    } else {
      await expect(openDataFolder(data)).rejects.toThrow(want)
      rmSync(join(data, 'lock', '7'))
      await (await openDataFolder(data)).close()
    }
  })

  it('is taken over from a file that says nothing', async () => {
    mkdirSync(join(data, 'lock'), { recursive: true })
    writeFileSync(join(data, 'lock', '7'), '')
    await (await openDataFolder(data)).close()
  })
})
