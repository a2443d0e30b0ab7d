import { readdir, readFile, rm, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { objectId } from '../../../src/git/objects.ts'
import { openPackFile } from '../../../src/git/pack-file.ts'
import { importCommits, runGit } from '../../support/git-program.ts'

describe('a pack of git’s', () => {
  let folder: string
  let pack: string
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'fusee-pack-test-'))
    await runGit(folder, ['init', '--bare', '--quiet', '--initial-branch=main'])
    // Files that grow line by line are stored as deltas; one is large, one empty, one does not compress.
    const noise = Array.from({ length: 3000 }, (_, index) => String.fromCharCode(0x4e00 + ((index * 7919) % 20_000))).join('')
    const commits = Array.from({ length: 30 }, (_, index) => ({
      'a/growing.txt': Array.from({ length: 200 + index }, (_, line) => `line ${line} of ${index % 3}\n`).join(''),
      [`b/${index}.txt`]: `${index}`,
      'large.txt': 'x'.repeat(70_000 + index),
      empty: '',
      noise,
    }))
    await importCommits(folder, commits)
    await runGit(folder, ['repack', '-adfq', '--depth=50', '--window=50'])
    const packs = (await readdir(path.join(folder, 'objects/pack'))).filter((name) => name.endsWith('.pack'))
    pack = path.join(folder, 'objects/pack', packs[0] ?? '')
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it('gives every object as git does', async () => {
    const file = await openPackFile(pack)
    const ids = (await runGit(folder, ['cat-file', '--batch-all-objects', '--batch-check=%(objectname) %(objecttype)'])).split('\n')
    expect((await runGit(folder, ['verify-pack', '-v', pack])).match(/^chain length/gm)?.length).toBeGreaterThan(1)
    const wrong = ids.filter((line) => {
      const [id = '', type] = line.split(' ')
      const found = file.read(id)
      return found === null || found.type !== type || objectId(found.type, found.bytes) !== id
    })
    expect(ids.length).toBeGreaterThan(150)
    expect(wrong).toEqual([])
    expect(file.read('f'.repeat(40))).toBeNull()
    expect(file.read('0'.repeat(40))).toBeNull()
  })

  it('does not give what is broken for whole', async () => {
    const bytes = await readFile(pack)
    const broken = path.join(folder, 'broken.pack')
    await writeFile(broken.replace('.pack', '.idx'), await readFile(pack.replace('.pack', '.idx')))
    const ids = (await runGit(folder, ['cat-file', '--batch-all-objects', '--batch-check=%(objectname)'])).split('\n')
    for (const at of [40, 200, 500, 900]) {
      const damaged = Buffer.from(bytes)
      damaged.fill(0x5a, at, at + 8)
      await writeFile(broken, damaged)
      const file = await openPackFile(broken)
      const wrong = ids.filter((id) => {
        try {
          const found = file.read(id)
          return found === null || objectId(found.type, found.bytes) !== id
        } catch {
          return true
        }
      })
      expect(wrong.length).toBeGreaterThan(0)
    }
    await writeFile(broken.replace('.pack', '.idx'), 'not an index, but long enough')
    await expect(openPackFile(broken)).rejects.toThrow(RangeError)
  })
})
