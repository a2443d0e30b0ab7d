import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readPlain } from '../../../../src/definitions/source/read-plain.ts'
import { createSeededRandom } from '../../../../src/simulation/seeded-random.ts'
import { compareReadings } from '../../../fuzz/compare-readings.ts'
import { mutate, readSeeds } from '../../../fuzz/documents.ts'

const PLAIN = [
  'a: yes\nb: 0777\nc: 0o17\nd: 0x1F\ne: 1_000\nf: 2026-01-01\ng: .5\nh: 1e3\ni: -0\nj: +1\nk: 1.\nl: 08',
  'a: ~\nb: null\nc: Null\nd: NULL\ne: nULL\nf: True\ng: TRUE\nh: tRUE\ni: false',
  '1: a\ntrue: b\n"q": d\n\'r\': e\n0644: f\n__proto__: {constructor: toString}',
  'a: "x\\n\\u0041"\nb: \'it\'\'s\'\nc: "two\n  lines"\nd: plain\n  on two\ne: "#no comment" # one',
  'a:\nb:   \nc: # comment\nd:\t\ne: {f: , g, "h": , i:}\nj: [k: , l]\nm:',
  'a:\n- b\n-\n-   \n- # comment\n- - c\n  -\n- d: 1\n  e:\n',
  'a: |\n  one\n   two\n\n\nb: >-\n  one\n\n  two\nc: |+\n\n\nd: |2-\n   three\ne: >  # comment\n  four\n',
  'a:\n  |\n  text\nb:\n- |\n  text\n- >\n\n- - |\n    text\nc: 1\n',
  '{"a": [1, {"b": {}}, []], "c" : null}',
  '[\n  {a: b, }, # comment\n  [c, d,\n  ],\n]\n',
  '--- a\n---\n# nothing\n---\nb: 1\n...\n',
  '{a: 1}\n--- # x\n- b\n',
  'a: b#c\nd: e:f\ng: "h" \ni: [j#k]\nl: {m: n:o}',
  'a: 1\r\nb: |\r\n  two\r\n  lines\r\nc: 3\r\n',
  '? a\n: b\nc: d',
  'ключ: значение\n"emoji": 🚀\n',
  '',
  '# nothing but a comment\n',
]

const CAREFUL = [
  '... kind: Job\n',
  ...['a: &x 1\nb: *x', 'a: !!str 1', '<<: {a: 1}', '%YAML 1.2\n---\na: 1', 'a: 1\na: 2', '[a]: b', ': b', 'a: .inf', 'a: .nan'],
  ...['a: ]', 'a: |+\n  ', 'a: 1\n ', 'a:\n\tb: 1', 'a: 1\rb: 2', '  ---\na: 1', `${'['.repeat(61)}${']'.repeat(61)}`, `${'k'.repeat(1001)}: 1`],
]

describe('quick reading', () => {
  it.each(PLAIN)('reads %j as the careful one does', (text) => {
    expect(compareReadings(text)).toEqual({ kind: 'Same' })
  })

  it.each(CAREFUL)('leaves %j to the careful one', (text) => {
    expect(readPlain(text)).toBeNull()
  })

  it('reads the files of this repository as the careful one does', () => {
    for (const folder of ['sample-repo/workflows', 'sample-repo/jobs/site', 'schemas', 'deploy/base']) {
      for (const file of readdirSync(folder)) expect(compareReadings(readFileSync(`${folder}/${file}`, 'utf8')), file).not.toHaveProperty('plain')
    }
  })

  it('reads mutated documents as the careful one does, if at all', () => {
    const seeds = [...readSeeds(), ...PLAIN, ...CAREFUL]
    const counts = { Same: 0, Careful: 0, TooMany: 0, Different: 0 }
    for (let index = 0; index < 2000; index++) {
      const text = mutate(seeds, createSeededRandom(`readings/${index}`))
      const { kind, ...difference } = compareReadings(text)
      counts[kind]++
      if (kind === 'Different') expect.fail(`${JSON.stringify(text)} is read differently: ${JSON.stringify(difference)}`)
    }
    expect(counts.Same).toBeGreaterThan(200)
  })
})
