import { describe, expect, it } from 'vitest'
import type { Param } from '../../../src/definitions/workflow.ts'
import { checkPatternSyntax } from '../../../src/definitions/param-value.ts'
import { parseParamWords, resolveParams } from '../../../src/triggers/params.ts'

const param = (over: Partial<Param>): Param => ({ type: 'string', required: false, ...over })

const declared: Record<string, Param> = {
  site: param({ required: true, pattern: '^[a-z.]+$' }),
  count: param({ type: 'integer', default: 3 }),
  share: param({ type: 'number' }),
  loud: param({ type: 'boolean', default: false }),
  names: param({ type: 'array' }),
  labels: param({ type: 'object' }),
  size: param({ enum: ['S', 'M'] }),
}

describe('the params of a run', () => {
  it('are those given, else the defaults; others have no value', () => {
    expect(resolveParams(declared, { site: 'example.fi', share: 0.5, names: ['a'] })).toEqual({
      kind: 'Valid',
      values: { site: 'example.fi', count: 3, share: 0.5, loud: false, names: ['a'] },
    })
    expect(resolveParams({}, {})).toEqual({ kind: 'Valid', values: {} })
  })

  const refusals: { given: Record<string, unknown>; wantProblem: string }[] = [
    { given: {}, wantProblem: 'param site is required: give it a value' },
    { given: { site: 7 }, wantProblem: 'param site must be text, not 7; quote it: "7"' },
    { given: { site: null }, wantProblem: 'param site must be text, not null' },
    { given: { site: 'EXAMPLE' }, wantProblem: 'param site must match ^[a-z.]+$, which "EXAMPLE" does not' },
    { given: { site: 'x', count: '3' }, wantProblem: 'param count must be a whole number, not "3"' },
    { given: { site: 'x', count: 1.5 }, wantProblem: 'param count must be a whole number, not 1.5' },
    { given: { site: 'x', share: NaN }, wantProblem: 'param share must be a number, not null' },
    { given: { site: 'x', loud: 'true' }, wantProblem: 'param loud must be true or false, not "true"' },
    { given: { site: 'x', names: { 0: 'a' } }, wantProblem: 'param names must be a list, not {"0":"a"}' },
    { given: { site: 'x', labels: ['a'] }, wantProblem: 'param labels must be a map of fields, not ["a"]' },
    { given: { site: 'x', size: 'L' }, wantProblem: 'param size must be one of "S", "M", not "L"' },
    { given: { site: 'x', sizes: 'S' }, wantProblem: 'param sizes is not declared, did you mean "size"?' },
    { given: { site: 'x', colour: 'red' }, wantProblem: 'param colour is not declared: write one of site, count, share, loud, names, labels, size' },
    {
      given: { site: 'x', constructor: 'red' },
      wantProblem: 'param constructor is not declared: write one of site, count, share, loud, names, labels, size',
    },
    { given: { site: 'x'.repeat(40_000) }, wantProblem: 'param site must have at most 32768 characters' },
  ]
  it.each(refusals)('are refused: $wantProblem', ({ given, wantProblem }) => {
    expect(resolveParams(declared, given)).toEqual({ kind: 'Invalid', problems: [wantProblem] })
  })

  it('hold no character that no variable can hold', () => {
    const any = { text: param({}), list: param({ type: 'array' }) }
    expect(resolveParams(any, { list: ['a\0b'] })).toMatchObject({ kind: 'Valid' })
    expect(resolveParams(any, { text: 'a\0b' })).toEqual({
      kind: 'Invalid',
      problems: ['param text must not hold a NUL character: no variable can'],
    })
  })

  it('are together no more than a container takes in one variable', () => {
    const texts = Object.fromEntries(['a', 'b', 'c'].map((name) => [name, 'ä'.repeat(20_000)]))
    const three = Object.fromEntries(Object.keys(texts).map((name) => [name, param({})]))
    expect(resolveParams(three, texts)).toEqual({
      kind: 'Invalid',
      problems: ['the params are 120022 bytes as JSON, at most 120000 are allowed: hand over the name of a file instead'],
    })
    expect(resolveParams(three, { ...texts, c: '' }).kind).toBe('Valid')
  })

  it('tell all problems at once', () => {
    expect(resolveParams(declared, { sit: 'x', count: 'many' })).toEqual({
      kind: 'Invalid',
      problems: [
        'param sit is not declared, did you mean "site"?',
        'param site is required: give it a value',
        'param count must be a whole number, not "many"',
      ],
    })
  })

  it('of a workflow without any are refused', () => {
    expect(resolveParams({}, { site: 'x' })).toEqual({ kind: 'Invalid', problems: ['param site is not declared: the workflow has none'] })
  })

  it.each([
    { declared: 'n', given: 'false' },
    { declared: 'No', given: 'false' },
    { declared: 'on', given: 'true' },
  ])('whose name $declared kubectl takes for $given', ({ declared, given }) => {
    const problems = [`param ${given} is not declared: kubectl takes ${declared} for ${given} unless it is quoted, write "${declared}"`]
    expect(resolveParams({ site: param({}), [declared]: param({}) }, { [given]: '3' })).toMatchObject({
      problems: expect.arrayContaining(problems) as unknown,
    })
  })

  it('may be lists and maps out of some', () => {
    expect(resolveParams({ pair: param({ type: 'array', enum: [[1, { a: 2 }]] }) }, { pair: [1, { a: 2 }] }).kind).toBe('Valid')
  })

  it('match a pattern anywhere, unless it says otherwise', () => {
    expect(resolveParams({ site: param({ pattern: 'b+' }) }, { site: 'abba' }).kind).toBe('Valid')
  })

  it('are refused when the pattern is wrong or knows what RE2 does not', () => {
    expect(checkPatternSyntax('^a+$')).toBeNull()
    for (const pattern of ['(?=a)', '(a)\\1', '[a', 'a{1,100000}']) {
      expect(checkPatternSyntax(pattern)).toContain("patterns are RE2's")
      expect(resolveParams({ site: param({ pattern }) }, { site: 'a' })).toMatchObject({
        problems: [expect.stringContaining('param site cannot be checked, its pattern is wrong: ')],
      })
    }
  })

  it('do not hang on a hostile pattern or value', () => {
    expect(resolveParams({ site: param({ pattern: '^(a+)+$' }) }, { site: `${'a'.repeat(30_000)}!` }).kind).toBe('Invalid')
    const nested = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`) as unknown
    expect(resolveParams({ names: param({ type: 'array' }) }, { names: nested })).toEqual({
      kind: 'Invalid',
      problems: ['param names must have at most 32768 characters'],
    })
  })
})

describe('params on the command line', () => {
  it('are read by their types', () => {
    const words = ['site=a=b', 'count=3', 'share=-0.5', 'loud=true', 'names=["a", 1]', 'labels={"a": null}', 'size=']
    expect(parseParamWords(declared, words)).toEqual({
      kind: 'Valid',
      values: { site: 'a=b', count: 3, share: -0.5, loud: true, names: ['a', 1], labels: { a: null }, size: '' },
    })
  })

  it.each([
    { word: 'site', wantProblem: '"site" is no parameter: write name=value' },
    { word: '=x', wantProblem: '"=x" is no parameter: write name=value' },
    { word: 'sitte=x', wantProblem: 'param sitte is not declared, did you mean "site"?' },
    { word: '__proto__=x', wantProblem: 'param __proto__ is not declared: write one of site, count, share, loud, names, labels, size' },
  ])('are refused: $wantProblem', ({ word, wantProblem }) => {
    expect(parseParamWords(declared, [word])).toEqual({ kind: 'Invalid', problems: [wantProblem] })
  })

  it('are refused when given twice', () => {
    expect(parseParamWords(declared, ['site=a', 'site=b'])).toEqual({ kind: 'Invalid', problems: ['param site is given twice: give it once'] })
  })

  it('that are nothing of their type stay text, which is then refused', () => {
    const parsed = parseParamWords(declared, ['site=x', 'count=many', 'loud=yes'])
    expect(parsed).toMatchObject({ kind: 'Valid', values: { count: 'many', loud: 'yes' } })
    expect(resolveParams(declared, parsed.kind === 'Valid' ? parsed.values : {})).toEqual({
      kind: 'Invalid',
      problems: ['param count must be a whole number, not "many"', 'param loud must be true or false, not "yes"'],
    })
  })
})
