import { describe, expect, it } from 'vitest'
import { parseDocuments } from '../../../../src/definitions/source/parse-documents.ts'
import { childOf, offsetWithin } from '../../../../src/definitions/source/source-node.ts'

function parse(text: string) {
  const { documents, problems } = parseDocuments(text)
  return { json: documents.map(({ root }) => root.json), problems: problems.map(({ line, column, rule }) => `${line}:${column} ${rule}`) }
}

describe('reading YAML', () => {
  it.each([
    { text: 'a: yes\nb: 0777\nc: 2026-01-01\nd: ~\ne: 1_000\nf: on', want: { a: 'yes', b: 511, c: '2026-01-01', d: null, e: '1_000', f: 'on' } },
    { text: '%YAML 1.1\n---\na: yes', want: { a: 'yes' } },
    { text: '1: a\ntrue: b\nnull: c\n"q": d', want: { 1: 'a', true: 'b', null: 'c', q: 'd' } },
    { text: 'a: &x {b: 1}\nc: *x', want: { a: { b: 1 }, c: { b: 1 } } },
    { text: 'a: &x 1\nb: &x 2\nc: *x', want: { a: 1, b: 2, c: 2 } },
    { text: 'a: &x {b: 1, c: 2}\nd: {<<: *x, c: 3}', want: { a: { b: 1, c: 2 }, d: { b: 1, c: 3 } } },
    { text: 'a: {<<: [{b: 1}, {b: 2, c: 3}]}', want: { a: { b: 1, c: 3 } } },
    { text: 'a: {"<<": 1}', want: { a: { '<<': 1 } } },
    { text: '{\n\t"a": [1,\n\t2]\n}', want: { a: [1, 2] } },
    { text: 'a:\n  - b\n  -\n', want: { a: ['b', null] } },
  ])('$text', ({ text, want }) => {
    expect(parse(text)).toEqual({ json: [want], problems: [] })
  })

  it('gives every document of a file, without empty ones', () => {
    expect(parse('a: 1\n---\n---\n# only this\n---\nb: 2\n...\n')).toEqual({ json: [{ a: 1 }, { b: 2 }], problems: [] })
  })

  it.each([
    { text: 'a: {<<: 1}', want: '1:9 yaml-syntax' },
    { text: '? [a]\n: b', want: '1:3 yaml-syntax' },
    { text: 'a: 1\nb:\n  c: 1\n  c: 2', want: '4:3 duplicate-key' },
    { text: 'a: "\\q"', want: '1:5 yaml-syntax' },
    { text: 'a: @b', want: '1:4 yaml-syntax' },
  ])('refuses $text', ({ text, want }) => {
    expect(parse(text).problems).toEqual([want])
  })

  it.each([
    { text: 'a: "b\nc: d\n', want: '1:4 yaml-syntax' },
    { text: "a: 1\nb:\n  - 'c\n  - d\n  - it's\n", want: '3:5 yaml-syntax' },
    { text: 'a: {b: "c, d: e}\n', want: '1:8 yaml-syntax' },
    { text: 'a: "b"\n"c: d\n', want: '2:1 yaml-syntax' },
    { text: '"a', want: '1:1 yaml-syntax' },
  ])('shows where the quote is that is not closed, in $text', ({ text, want }) => {
    expect(parse(text).problems).toEqual([want])
    expect(parseDocuments(text).problems[0]?.message).toMatch(/^this quote is not closed/)
  })

  it('reports one fault of a document, and reads the others', () => {
    expect(parse('a: 1\n---\nb: ]\nc: ]\n---\nd: 1')).toEqual({ json: [{ a: 1 }, { d: 1 }], problems: ['3:4 yaml-syntax'] })
  })

  it('keeps __proto__ a field like any other', () => {
    const [json] = parse('{"__proto__": {"polluted": 1}}').json
    expect(Object.keys(json ?? {})).toEqual(['__proto__'])
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })
})

describe('places', () => {
  it.each([
    { text: 'a: |\n  one\n    two NEEDLE\n', want: '3:9' },
    { text: 'a: >-\n  one\n  NEEDLE two\n', want: '3:3' },
    { text: 'a: "one\n  NEEDLE"', want: '2:3' },
    { text: "a: 'it''s NEEDLE'", want: '1:11' },
    { text: 'a: "\\x4eEEDLE"', want: '1:4' },
  ])('of a part of the text in $text', ({ text, want }) => {
    const [document] = parseDocuments(text).documents
    const node = childOf(document?.root, 'a')
    if (!document || !node) throw new Error('no document')
    const { line, column } = document.positionAt(offsetWithin(document, node, 'NEEDLE'))
    expect(`${line}:${column}`).toBe(want)
  })
})
