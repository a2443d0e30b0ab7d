import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { thirdPartyNotices } from '../../scripts/third-party-notices.ts'
import { removeFolder } from '../support/remove-folder.ts'

describe('the notices that go along with the bundle', () => {
  it('name each package once with its licence, and hold both texts where one is under the LGPL', async () => {
    const inputs = ['src/main.ts', 'node_modules/openpgp/dist/node/openpgp.mjs', 'node_modules/yaml/dist/index.js', 'node_modules/yaml/dist/log.js']
    const text = await thirdPartyNotices(inputs)
    expect(text.match(/^\S+ \d+\.\d+\.\d+ \(.+\)/gm)).toEqual(['openpgp 6.3.2 (LGPL-3.0+)', 'yaml 2.9.1 (ISC)'])
    expect(text).toContain('GNU LESSER GENERAL PUBLIC LICENSE')
    expect(text).toContain('END OF TERMS AND CONDITIONS')
    expect(text).toContain('They may be replaced by changed ones')
    expect(await thirdPartyNotices(inputs.slice(2))).not.toContain('END OF TERMS AND CONDITIONS')
  })

  it.each([
    { name: 'without its text', manifest: { license: 'MIT' }, want: 'Permission is hereby granted' },
    { name: 'as it was named of old', manifest: { licenses: [{ type: 'ISC' }] }, want: 'Permission to use, copy, modify' },
    { name: 'that nobody knows', manifest: { license: 'SEE ELSEWHERE' }, want: null },
    { name: 'that is missing', manifest: {}, want: null },
  ])('take a licence $name', async ({ manifest, want }) => {
    const root = await mkdtemp(join(tmpdir(), 'fusee-notices-'))
    try {
      const folder = join(root, 'node_modules/@some/package')
      await mkdir(folder, { recursive: true })
      await writeFile(join(folder, 'package.json'), JSON.stringify({ name: '@some/package', version: '1.0.0', ...manifest }))
      const notices = thirdPartyNotices([join(folder, 'index.js')])
      if (want === null) await expect(notices).rejects.toThrow('there is no text of the licence')
      else expect(await notices).toContain(want)
    } finally {
      await removeFolder(root)
    }
  })
})
