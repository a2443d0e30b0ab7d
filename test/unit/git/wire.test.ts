import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createObject, encodeCommit, encodeTree, parseCommit, parseTree } from '../../../src/git/objects.ts'
import { encodePack } from '../../../src/git/pack-encoder.ts'
import { DELIMITER, FLUSH, encodePacket, packetText, readPackets } from '../../../src/git/pkt-line.ts'
import { runGit } from '../../support/git-program.ts'
import { removeFolder } from '../../support/remove-folder.ts'

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

describe('packets', () => {
  it('are the same however the stream is cut into pieces', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.string(), fc.constant(FLUSH), fc.constant(DELIMITER))),
        fc.integer({ min: 1, max: 40 }),
        async (parts, size) => {
          const bytes = Buffer.concat(parts.map((part) => (typeof part === 'string' ? encodePacket(`${part}\n`) : part)))
          const read: (string | Buffer)[] = []
          for await (const packet of readPackets(inPieces(bytes, size), 'here')) {
            read.push(packet.kind === 'data' ? packetText(packet) : packet.kind === 'flush' ? FLUSH : DELIMITER)
          }
          expect(read).toEqual(parts)
        },
      ),
    )
  })
})

describe('objects', () => {
  it('survive being written and read', () => {
    const id = 'ab'.repeat(20)
    const entries = ['a', 'a-b', 'a.b', 'a0', 'ü'].map((name) => ({ mode: '100644', name, id }))
    entries.push({ mode: '40000', name: 'a~', id }, { mode: '40000', name: 'aa', id })
    const read = parseTree(encodeTree(entries))
    expect(read).toHaveLength(entries.length)
    expect(read).toEqual(expect.arrayContaining(entries))
    const text = { tree: id, parents: [id, id], message: 'ä\n\nb', author: { name: 'N', email: 'e' }, atSeconds: 5 }
    expect(parseCommit(encodeCommit(text))).toEqual({ tree: id, parents: [id, id], message: 'ä\n\nb\n', committedAtSeconds: 5, isSigned: false })
  })

  it.each([Buffer.from('100644 a\0short'), Buffer.from('100644'), Buffer.from('40000 name without an end')])('are refused when cut: %s', (bytes) => {
    expect(() => parseTree(bytes)).toThrow(RangeError)
  })

  it('that are no commit are refused', () => {
    expect(() => parseCommit(Buffer.from('rubbish\n\nx'))).toThrow(RangeError)
  })

  it.each([
    { encoding: 'ISO-8859-1', bytes: [0xe4], want: 'ä' },
    { encoding: 'no-such-charset', bytes: [0x61], want: 'a' },
  ])('with messages in $encoding are read', ({ encoding, bytes, want }) => {
    const head = `tree ${'0'.repeat(40)}\nauthor a <b> 1 +0000\ncommitter a <b> 7 +0200\nencoding ${encoding}\n\n`
    const commit = parseCommit(Buffer.concat([Buffer.from(head), Buffer.from(bytes)]))
    expect(commit).toMatchObject({ message: want, committedAtSeconds: 7 })
  })
})

describe('a pack', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fusee-pack-'))
  })
  afterEach(() => removeFolder(folder))

  it('of objects of all lengths is taken by git', async () => {
    await runGit(folder, ['init', '--quiet', '--bare'])
    const objects = [0, 1, 15, 16, 17, 2047, 2048, 2049, 300_000].map((length) => createObject('blob', Buffer.alloc(length, 'x')))
    await runGit(folder, ['unpack-objects', '-q', '--strict'], encodePack(objects))
    for (const object of objects) expect(await runGit(folder, ['cat-file', '-s', object.id])).toBe(String(object.bytes.length))
  })
})
