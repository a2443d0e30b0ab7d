import { mkdir, mkdtemp, readdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { writeLooseObjects } from '../../../src/git/loose-objects.ts'
import { createObject } from '../../../src/git/objects.ts'
import { removeFolder } from '../../support/remove-folder.ts'

describe('loose objects', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fusee-loose-'))
  })
  afterEach(async () => {
    await removeFolder(folder)
  })

  it('fail when one of them cannot be written, and nothing is being written any more then', async () => {
    const objects = Array.from({ length: 40 }, (_, index) => createObject('blob', Buffer.from(`${index}`)))
    const shards = new Set(objects.map((object) => object.id.slice(0, 2)))
    const [blocked] = shards
    await mkdir(join(folder, 'objects'))
    await writeFile(join(folder, 'objects', blocked ?? ''), 'a file where a folder should be')
    await expect(writeLooseObjects(folder, objects, { durable: true })).rejects.toMatchObject({ kind: 'Storage' })
    const files = await readdir(join(folder, 'objects'), { recursive: true })
    const whole = objects.filter((object) => !object.id.startsWith(blocked ?? '')).map((object) => `${object.id.slice(0, 2)}/${object.id.slice(2)}`)
    expect(files.filter((name) => name.includes('/')).sort()).toEqual(whole.sort())
  })
})
