import { describe, expect, it } from 'vitest'
import { ANY, INTEGER, TEXT, typeOfDeclared, type ExpressionScope } from '../../../../src/definitions/expressions/expression-type.ts'
import { createExpressionLanguage, type Evaluated } from '../../../../src/definitions/expressions/language.ts'

const language = createExpressionLanguage()

const SCOPE: ExpressionScope = {
  fields: {
    params: {
      kind: 'Record',
      noun: 'parameter',
      fields: {
        site: TEXT,
        count: INTEGER,
        ratio: typeOfDeclared('number'),
        sites: typeOfDeclared('array'),
        options: typeOfDeclared('object'),
        'dry-run': typeOfDeclared('boolean'),
      },
    },
    item: ANY,
    vars: { kind: 'Map', of: TEXT },
  },
  whyNot: (name) => (name === 'steps' ? '"steps" cannot be used here: no step has run yet' : null),
}

const VALUES = {
  params: { site: 'www.example.org', count: 3, ratio: 2, sites: ['a', 'b'], options: { deep: { list: [1, 2.5] }, many: [1, 2, 3] }, 'dry-run': true },
  item: null,
  vars: { environment: 'production' },
}

function evaluate(text: string, values: Record<string, unknown> = VALUES): Evaluated {
  const compiled = language.compile(text, SCOPE)
  return compiled.kind === 'Wrong'
    ? { kind: 'Failed', message: `at ${compiled.fault.at}: ${compiled.fault.message}` }
    : compiled.expression.evaluate(values)
}

describe('expressions that work', () => {
  it.each([
    { text: 'params.count > 2 && params.ratio > 1', want: true },
    { text: 'params["dry-run"] ? params.site : "none"', want: 'www.example.org' },
    { text: 'params.sites.map(s, s + "!").join(", ")', want: 'a!, b!' },
    { text: 'params.options.deep.list[0] + 1', want: 2 },
    { text: 'params.options.deep.list[1] * 2.0', want: 5 },
    { text: 'params.options.many.filter(n, n % 2 == 1)', want: [1, 3] },
    { text: 'item == null', want: true },
    { text: 'has(vars.environment) && !has(vars.other)', want: true },
    { text: 'params.site.re("^www[.]") && !params.site.re("^ftp")', want: true },
    { text: '{"a": [params.count], "b": params.ratio}', want: { a: [3], b: 2 } },
    { text: 'timestamp("2026-11-20T01:00:00Z") + duration("90m")', want: '2026-11-20T02:30:00Z' },
    { text: 'timestamp("2026-11-20T01:00:00Z").getDayOfWeek()', want: 5 },
    { text: 'duration("90m")', want: '5400s' },
    { text: 'string(params.count) + "/" + string(params.ratio)', want: '3/2' },
    { text: 'params', want: VALUES.params },
  ])('$text', ({ text, want }) => {
    expect(evaluate(text)).toEqual({ kind: 'Value', value: want })
  })

  it('tell what they come to and what they use', () => {
    const compiled = language.compile('params.sites.map(s, params.count) == [1] || item.a["b"] == vars[params.site]', SCOPE)
    expect(compiled).toMatchObject({
      kind: 'Expression',
      expression: {
        type: { kind: 'Boolean' },
        uses: [['params', 'sites'], ['params', 'count'], ['item', 'a', 'b'], ['vars'], ['params', 'site']],
      },
    })
  })
})

describe('expressions that are wrong', () => {
  it.each([
    { text: '', want: 'at 0: the expression is empty' },
    { text: 'params.count >', want: 'at 14: unexpected token: the end' },
    { text: '(params.count', want: 'at 13: expected ")", got the end' },
    { text: 'params.count = 3', want: 'at 13: a single "=" compares nothing; write "=="' },
    { text: 'params.cuont > 1', want: 'at 7: there is no parameter "cuont", did you mean "count"?' },
    { text: 'params.zzz', want: 'each parameter here: site, count' },
    { text: 'params.dry-run', want: 'write ["dry-run"] instead of .dry-run' },
    { text: 'parms.count > 1', want: 'at 0: there is no variable "parms", did you mean "params"?' },
    { text: 'steps.load.results.x', want: 'no step has run yet' },
    { text: 'params.site == 1', want: '"==" does not take text and a whole number; convert with int() or string()' },
    { text: 'params.ratio * 2', want: 'write 2.0 instead of 2' },
    { text: 'params.count == null', want: 'only one that may be missing' },
    { text: 'params.count && true', want: 'compare it with something' },
    { text: 'params.count ? 1 : 2', want: 'must be bool' },
    { text: 'params.site.foo()', want: 'there is no function "foo"' },
    { text: 'params.site.startWith("a")', want: 'did you mean "startsWith"?' },
    { text: 'params.site.startsWith(1)', want: 'no function takes' },
    { text: 'params.site.matches("^(a+)+$")', want: 'at 12: matches() can run for ever' },
    { text: 'cel.bind(x, 1, x)', want: 'there is no function "bind"' },
    { text: 'timestamp("2026-11-20T01:00:00Z").getHours("Europe/Helsinki")', want: 'reads UTC' },
    { text: 'b"abc"', want: 'no JSON form' },
    { text: '1u', want: 'no JSON form' },
    { text: '9223372036854775808', want: 'too large' },
    { text: 'params.sites.all(a, params.sites.all(b, params.sites.all(c, a == c)))', want: 'more than 2 levels' },
    { text: `[${'1, '.repeat(101)}]`, want: 'too large or nested too deeply' },
    { text: '['.repeat(60), want: 'too large or nested too deeply' },
    { text: '-'.repeat(1999) + '1', want: 'too large or nested too deeply' },
    { text: '1 + '.repeat(499) + '1', want: 'too large or nested too deeply' },
    { text: '"' + 'a'.repeat(2000) + '"', want: 'more than 2000 characters' },
  ])('$text', ({ text, want }) => {
    const found = evaluate(text)
    expect(found.kind).toBe('Failed')
    expect(found.kind === 'Failed' && found.message).toContain(want)
  })
})

describe('expressions that fail while they are worked out', () => {
  it.each([
    { text: 'params.options.nothing', want: 'no such key: nothing' },
    { text: 'params.sites[5]', want: 'out of bounds' },
    { text: 'params.count / 0', want: 'division by zero' },
    { text: 'params.site.re("(")', want: "patterns are RE2's" },
    { text: `params.site.re("${'a'.repeat(1001)}")`, want: 'more than 1000 characters' },
    { text: '9007199254740993', want: 'too large for JSON' },
    { text: '1.0 / 0.0', want: 'no number of JSON' },
    { text: 'item > 1', want: 'does not take null and a whole number' },
  ])('$text', ({ text, want }) => {
    const found = evaluate(text)
    expect(found.kind).toBe('Failed')
    expect(found.kind === 'Failed' && found.message).toContain(want)
  })

  it('say so when a value is not there that must be', () => {
    expect(evaluate('params.count > 1', { params: {} })).toMatchObject({ kind: 'Failed', message: expect.stringContaining('missing') as string })
  })

  it('are not stopped by fields that JavaScript treats in its own way', () => {
    const options = JSON.parse('{"__proto__": 1, "constructor": {"a": 1}, "prototype": 2}') as object
    expect(evaluate('params.options["__proto__"]', { params: { options } })).toEqual({ kind: 'Value', value: 1 })
    expect(evaluate('params.options["constructor"]["a"]', { params: { options } })).toEqual({ kind: 'Value', value: 1 })
    expect(evaluate('params.options', { params: { options } })).toEqual({ kind: 'Value', value: options })
  })
})

describe('no expression hangs or grows', () => {
  const letters = 'a'.repeat(32_000)
  const numbers = Array.from({ length: 5000 }, (_, index) => index)
  const values = { ...VALUES, params: { ...VALUES.params, site: letters, sites: numbers, options: { list: numbers.map(String) } } }

  it.each([
    { name: 'text that is doubled again and again', text: `["ab"]${'.map(x, x + x)'.repeat(30)}`, want: 'more than 32768 characters' },
    { name: 'a list that is doubled again and again', text: `[[1]]${'.map(x, [x, x])'.repeat(28)}`, want: 'too large' },
    { name: 'a list in a list', text: 'params.sites.all(a, params.sites.all(b, a + b >= 0))', want: 'too much work' },
    {
      name: 'work behind an error that is swallowed',
      text: 'params.sites.exists(a, params.sites.exists(b, a + b < 0)) || true',
      want: 'too much work',
    },
    { name: 'a long separator', text: 'params.site.split("").join(params.site)', want: 'more than 32768 characters' },
    { name: 'a list of a long text', text: 'params.sites.map(n, params.site).join("")', want: 'too' },
    {
      name: 'a search for nearly everything',
      text: 'params.sites.exists(n, params.site.contains(params.site + "b"))',
      want: 'too much work',
    },
    { name: 'a pattern that is searched everywhere', text: 'params.sites.exists(n, params.site.re("(a{0,100}){0,9}b"))', want: 'too much work' },
    {
      name: 'a search in each of many',
      text: 'params.sites.exists(n, params.site.contains(params.site.substring(1000) + "b"))',
      want: 'too much work',
    },
  ])('$name', ({ text, want }) => {
    const compiled = language.compile(text, SCOPE)
    if (compiled.kind === 'Wrong') throw new Error(compiled.fault.message)
    const found = compiled.expression.evaluate(values)
    expect(found.kind).toBe('Failed')
    expect(found.kind === 'Failed' && found.message).toContain(want)
    // The meter starts anew.
    expect(evaluate('params.count')).toEqual({ kind: 'Value', value: 3 })
  })
})
