import { readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { importCommits } from '../../support/git-program.ts'
import type { ServedRepository } from '../../support/git-served.ts'
import { serveRepository } from '../../support/git-served.ts'

let served: ServedRepository
beforeEach(async () => {
  served = await serveRepository()
})
afterEach(() => served.close())

describe('the data folder', () => {
  const state = (): string => join(served.folder, 'data/source/state.json')

  async function packs(role: string): Promise<string[]> {
    const { generation } = JSON.parse(await readFile(join(served.folder, 'data', role, 'state.json'), 'utf8')) as { generation: string }
    const folder = join(served.folder, 'data', role, generation, 'objects/pack')
    return (await readdir(folder)).map((name) => join(folder, name))
  }

  it('saves a new start from fetching', async () => {
    await importCommits(served.repository, [{ a: '1' }])
    await (await served.open()).source.fetchTip()
    const { source } = await served.open()
    const before = served.server.requests.length
    await source.fetchTip()
    expect(served.server.requests.slice(before).filter((request) => request.received > 200)).toEqual([])
    const next = await importCommits(served.repository, [{ a: '2' }])
    expect(await source.fetchTip()).toBe(next)
    expect(await packs('source')).toHaveLength(4)
  })

  const damages: { what: string; damage: () => Promise<void> }[] = [
    { what: 'a pack is cut', damage: async () => Promise.all((await packs('source')).map((file) => writeFile(file, 'PACK'))).then() },
    { what: 'packs are gone', damage: async () => Promise.all((await packs('source')).map((file) => rm(file))).then() },
    { what: 'the state is cut', damage: () => writeFile(state(), '{"version":1,') },
    { what: 'the state is nonsense', damage: () => writeFile(state(), '{"version":1,"generation":"../..","tip":"x","shallow":[],"filtered":true}') },
    { what: 'all is gone', damage: () => rm(join(served.folder, 'data'), { recursive: true }) },
  ]
  it.each(damages)('is made again when $what', async ({ damage }) => {
    await importCommits(served.repository, [{ a: '1' }])
    const first = await (await served.open()).source.fetchTip()
    await damage()
    const { source } = await served.open()
    expect(await source.fetchTip()).toBe(first)
    expect(Buffer.from((await source.filesAt(first).read('a')) ?? []).toString()).toBe('1')
    const folders = (await readdir(join(served.folder, 'data/source'))).filter((name) => name.startsWith('generation-'))
    expect(folders).toHaveLength(1)
  })

  it('is made again when it breaks under a running program', async () => {
    const first = await importCommits(served.repository, [{ 'x/a': '1' }])
    const { source } = await served.open()
    await source.fetchTip()
    const second = await importCommits(served.repository, [{ 'x/b': '1' }])
    await source.fetchTip()
    const { source: fresh } = await served.open()
    await fresh.fetchTip()
    for (const file of await packs('source')) if (file.endsWith('.pack')) await writeFile(file, 'broken')
    await expect(fresh.filesAt(first).list('x')).rejects.toMatchObject({ kind: 'Corrupt' })
    expect(await fresh.fetchTip()).toBe(second)
    expect(await fresh.filesAt(first).list('x')).toHaveLength(1)
  })

  it('is not mixed up with that of another branch or URL', async () => {
    const main = await importCommits(served.repository, [{ a: '1' }])
    const other = await importCommits(served.repository, [{ b: '1' }], { branch: 'other', from: null })
    expect(await (await served.open({ branch: 'main' })).source.fetchTip()).toBe(main)
    const { source } = await served.open({ branch: 'other' })
    expect(await source.fetchTip()).toBe(other)
    expect(await source.changedPaths(null, other)).toEqual(['b'])
  })

  it('keeps a broken pack out', async () => {
    await importCommits(served.repository, [{ a: '1' }])
    const { source } = await served.open()
    served.server.faults.whenBody = /command=fetch/
    served.server.faults.tamper = (answer) => {
      const broken = Buffer.from(answer)
      const at = broken.indexOf('PACK') + 20
      broken[at] = (broken[at] ?? 0) ^ 0xff
      return broken
    }
    await expect(source.fetchTip()).rejects.toMatchObject({ kind: 'Corrupt', message: expect.stringMatching(/sent a broken pack/) as unknown })
    delete served.server.faults.tamper
    expect(await source.fetchTip()).toMatch(/^[0-9a-f]{40}$/)
  })
})
