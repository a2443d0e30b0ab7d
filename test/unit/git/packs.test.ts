import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createObjectStore } from '../../../src/git/object-store.ts'
import { parsePackIndex } from '../../../src/git/pack-index.ts'
import { applyDelta } from '../../../src/git/pack-delta.ts'
import type { CommitSha } from '../../../src/git/ports.ts'
import { checkObjects, importCommits, runGit } from '../../support/git-program.ts'
import type { ServedRepository } from '../../support/git-served.ts'
import { serveRepository } from '../../support/git-served.ts'
import { removeFolder } from '../../support/remove-folder.ts'

describe('objects as the git program stores them', () => {
  let folder: string
  let tip: CommitSha
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fusee-packs-'))
    await runGit(folder, ['init', '--quiet', '--bare', '.'])
    const lines = Array.from({ length: 2000 }, (_, index) => `line ${index} ${Math.sin(index)}`)
    const versions = Array.from({ length: 30 }, (_, index) => ({
      big: lines.map((line, at) => (at % 100 === index ? `changed ${index}` : line)).join('\n'),
      [`other-${index}`]: randomBytes(index * 50).toString('base64'),
    }))
    tip = await importCommits(folder, versions)
  })
  afterEach(() => removeFolder(folder))

  it.each([
    { how: 'in one pack of long chains of deltas', pack: ['repack', '-a', '-d', '-f', '-q', '--depth=40', '--window=50'] },
    { how: 'with deltas that name their bases', pack: ['-c', 'repack.useDeltaBaseOffset=false', 'repack', '-a', '-d', '-f', '-q'] },
    { how: 'loose', pack: ['unpack'] },
  ])('are all read, $how', async ({ pack }) => {
    if (pack[0] === 'unpack') await unpack(folder)
    else await runGit(folder, pack)
    const store = createObjectStore({ folders: [folder], where: folder, shared: true })
    const ids = (await runGit(folder, ['rev-list', '--objects', '--no-object-names', tip])).split('\n')
    for (const id of ids) {
      const type = (await runGit(folder, ['cat-file', '-t', id])) as 'blob' | 'tree' | 'commit'
      // Rejects when the bytes do not have the id.
      await expect(store.raw(id, type)).resolves.toBeInstanceOf(Uint8Array)
      expect(await store.isPacked(id)).toBe(pack[0] !== 'unpack')
    }
    expect(await store.has('c0ffee'.padEnd(40, '0'))).toBe(false)
    await store.close()
  })

  it('are found again after git has packed them anew beside us', async () => {
    const store = createObjectStore({ folders: [folder], where: folder, shared: true })
    const { tree } = await store.commit(tip)
    await runGit(folder, ['repack', '-a', '-d', '-f', '-q'])
    const [first] = await store.tree(tree)
    expect(await store.blob(first?.id ?? '')).toBeInstanceOf(Uint8Array)
    await store.close()
  })

  it('are Corrupt when the disk has changed them', async () => {
    await runGit(folder, ['repack', '-a', '-d', '-q'])
    const packs = join(folder, 'objects/pack')
    const name = (await readdir(packs)).find((file) => file.endsWith('.pack')) ?? ''
    const bytes = await readFile(join(packs, name))
    bytes.fill(0x55, 12, bytes.length - 20)
    await rm(join(packs, name))
    await writeFile(join(packs, name), bytes)
    const store = createObjectStore({ folders: [folder], where: folder, shared: true })
    await expect(store.commit(tip)).rejects.toMatchObject({ kind: 'Corrupt' })
    await store.close()
  })
})

async function unpack(folder: string): Promise<void> {
  const packs = join(folder, 'objects/pack')
  const names = (await readdir(packs)).filter((name) => name.endsWith('.pack'))
  for (const name of names) {
    const bytes = await readFile(join(packs, name))
    for (const ending of ['pack', 'idx', 'rev']) await rm(join(packs, name.replace('.pack', `.${ending}`)), { force: true })
    await runGit(folder, ['unpack-objects', '-q'], bytes)
  }
}

describe('what is no index, or no delta,', () => {
  it.each([Buffer.alloc(0), Buffer.alloc(2000), Buffer.from('ff744f6300000002'.padEnd(2064 + 8, 'f'), 'hex')])('is refused', (bytes) => {
    expect(() => parsePackIndex(bytes, 100)).toThrow(RangeError)
  })

  it.each([
    { delta: [], want: /ends too early/ },
    { delta: [3, 1, 0x90, 1], want: /another base/ },
    { delta: [2, 1, 0x90, 9], want: /broken/ },
    { delta: [2, 9, 0x90, 1], want: /too little/ },
    { delta: [2, 1, 0], want: /broken/ },
    { delta: [2, 1, 5, 1], want: /broken/ },
  ])('is refused: $delta', ({ delta, want }) => {
    expect(() => applyDelta(Buffer.from(delta), Buffer.from('ab'))).toThrow(want)
  })
})

describe('what is kept of a remote', () => {
  let served: ServedRepository
  beforeEach(async () => {
    served = await serveRepository()
  })
  afterEach(() => served.close())

  async function sizeOf(part: string): Promise<{ files: number; generations: number }> {
    const root = join(served.folder, 'data', part)
    const entries = await readdir(root, { recursive: true, withFileTypes: true })
    return {
      files: entries.filter((entry) => entry.isFile()).length,
      generations: (await readdir(root)).filter((name) => name.startsWith('gen')).length,
    }
  }

  it('does not grow with the pushes', async () => {
    await importCommits(served.repository, [{ a: '0' }])
    const { source } = await served.open({ bounds: { packs: 6, looseObjects: 60 } })
    let tip = await source.fetchTip()
    const first = tip
    const read = async (commit: CommitSha): Promise<string> => Buffer.from((await source.filesAt(commit).read('a')) ?? []).toString()
    expect(await read(first)).toBe('0')
    source.keep([first])
    for (let index = 1; index <= 15; index++) {
      tip = await importCommits(served.repository, [{ a: String(index) }])
      expect(await source.fetchTip()).toBe(tip)
    }
    const { files, generations } = await sizeOf('source')
    expect(files).toBeLessThan(20)
    expect(generations).toBe(1)
    // What was to be kept is read without the remote.
    await served.server.close()
    expect(await read(first)).toBe('0')
  })

  it('does not grow with the records', async () => {
    const { status } = await served.open({ bounds: { packs: 3, looseObjects: 60 } })
    let tip = await status.fetchTip()
    const most = { files: 0 }
    for (let index = 0; index < 40; index++) {
      const path = `history/w${index % 3}/2026/11/20`
      const files = { 'history/README.md': `${index}`, [`history/state/w${index % 3}.json`]: `${index}`, [`${path}/r${index}.json`]: `${index}` }
      tip = await status.commit(tip, new Map(Object.entries(files).map(([name, text]) => [name, Buffer.from(text)])), `record ${index}`)
      most.files = Math.max(most.files, (await sizeOf('status')).files)
    }
    expect(most.files).toBeLessThan(90)
    const { files, generations } = await sizeOf('status')
    expect(files).toBeLessThan(90)
    expect(generations).toBe(1)
    await checkObjects(served.repository)
    expect(Buffer.from((await status.read('history/w1/2026/11/20/r4.json')) ?? []).toString()).toBe('4')
    // A new start goes on from it.
    const { status: again } = await served.open()
    expect(await again.fetchTip()).toBe(tip)
    await again.commit(tip, new Map([['history/README.md', Buffer.from('last')]]), 'last')
    expect(await again.list('history')).toEqual(['README.md', 'state/', 'w0/', 'w1/', 'w2/'])
    await checkObjects(served.repository)
  })
})
