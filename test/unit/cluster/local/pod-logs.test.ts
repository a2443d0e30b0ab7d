import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readPodLogTail } from '../../../../src/cluster/local/pod-logs.ts'
import { makeFolder } from '../../../support/local-cluster.ts'

describe('the tail of a pod’s log', () => {
  let home: Awaited<ReturnType<typeof makeFolder>>

  beforeEach(async () => {
    home = await makeFolder()
    mkdirSync(join(home.path, 'logs'))
  })

  afterEach(() => home.remove())

  interface Case {
    what: string
    files: Record<string, string | Buffer>
    maxBytes: number
    want: string
  }
  const cases: Case[] = [
    { what: 'no log', files: {}, maxBytes: 10, want: '' },
    { what: 'all of it', files: { 0: 'a\nb\n' }, maxBytes: 4, want: 'a\nb\n' },
    { what: 'whole lines only', files: { 0: 'first\nsecond\n' }, maxBytes: 10, want: 'second\n' },
    { what: 'a line that just fits', files: { 0: 'first\nsecond\n' }, maxBytes: 7, want: 'second\n' },
    { what: 'a line without its end', files: { 0: 'first\nsecond' }, maxBytes: 8, want: 'second' },
    { what: 'the end of a line that is too long', files: { 0: 'abcdefgh' }, maxBytes: 3, want: 'fgh' },
    { what: 'the end of the only line', files: { 0: 'abcdefgh\n' }, maxBytes: 4, want: 'fgh\n' },
    { what: 'whole characters', files: { 0: 'ääää' }, maxBytes: 5, want: 'ää' },
    { what: 'whole characters of four bytes', files: { 0: '𝄞𝄞𝄞' }, maxBytes: 7, want: '𝄞' },
    { what: 'what is no text, within the limit', files: { 0: Buffer.alloc(9, 0xff) }, maxBytes: 9, want: '\ufffd'.repeat(3) },
    { what: 'containers in their order', files: { 0: 'a\n', 1: 'b\n' }, maxBytes: 10, want: 'a\nb\n' },
    { what: 'the later container first', files: { 0: 'aaa\n', 1: 'b\n' }, maxBytes: 3, want: 'b\n' },
    { what: 'the older part before the newer', files: { '0.old': 'x\ny', 0: 'z\n' }, maxBytes: 10, want: 'x\nyz\n' },
    { what: 'a line across both parts', files: { '0.old': 'x\ny', 0: 'z\n' }, maxBytes: 4, want: 'yz\n' },
    { what: 'nothing', files: { 0: 'abc\n' }, maxBytes: 0, want: '' },
  ]
  it.each(cases)('is $what', ({ files, maxBytes, want }) => {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(home.path, 'logs', name), content)
    const tail = readPodLogTail(home.path, 2, maxBytes)
    expect(tail).toBe(want)
    expect(Buffer.byteLength(tail)).toBeLessThanOrEqual(maxBytes)
  })
})
