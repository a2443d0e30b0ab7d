import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { globProblem, LONGEST_GLOB } from '../../../src/definitions/glob.ts'
import { createPathFilter } from '../../../src/triggers/paths.ts'

const matching = (globs: string[], paths: string[]): string[] => paths.filter(createPathFilter(globs))

describe('a filter of paths', () => {
  it.each([
    { glob: 'README.md', wantYes: ['README.md'], wantNo: ['docs/README.md', 'readme.md', 'README.md5', 'README-md'] },
    { glob: '*', wantYes: ['a', '.a', 'a.b'], wantNo: ['a/b'] },
    { glob: '**', wantYes: ['a', '.a/b', 'a/b/c'], wantNo: [] },
    { glob: '*.ts', wantYes: ['a.ts', '.ts'], wantNo: ['a.tsx', 'src/a.ts'] },
    { glob: '**.ts', wantYes: ['a.ts', 'src/a.ts', 'src/b/a.ts'], wantNo: ['a.tsx'] },
    { glob: 'reports/**', wantYes: ['reports/a', 'reports/a/b'], wantNo: ['reports', 'reports2/a', 'my/reports/a'] },
    { glob: 'reports/*', wantYes: ['reports/a', 'reports/.a'], wantNo: ['reports/a/b', 'reports'] },
    { glob: 'reports/', wantYes: ['reports/a', 'reports/a/b'], wantNo: ['reports', 'reports2/a'] },
    { glob: '/reports/*', wantYes: ['reports/a'], wantNo: ['x/reports/a'] },
    { glob: './reports/*', wantYes: ['reports/a'], wantNo: ['x/reports/a'] },
    { glob: '**/README.md', wantYes: ['README.md', 'a/README.md', 'a/b/README.md'], wantNo: ['XREADME.md', 'a/XREADME.md'] },
    { glob: 'a/**/b', wantYes: ['a/b', 'a/x/b', 'a/x/y/b'], wantNo: ['ab', 'a/xb', 'a/x/yb', 'xa/b'] },
    { glob: '**/docs/**', wantYes: ['docs/a', 'x/docs/a/b'], wantNo: ['docs', 'xdocs/a'] },
    { glob: 'a**b', wantYes: ['ab', 'a/b', 'axx/yb'], wantNo: ['a', 'b/a'] },
    { glob: 'a**/b', wantYes: ['a/b', 'ax/b', 'ax/y/b'], wantNo: ['ab', 'axb'] },
    { glob: '*/**/*.c', wantYes: ['x/a.c', 'x/y/a.c'], wantNo: ['a.c'] },
    { glob: '?.md', wantYes: ['a.md', 'ä.md', '🙂.md'], wantNo: ['.md', 'ab.md', '/.md'] },
    { glob: 'v[0-9].[!x]', wantYes: ['v1.y', 'v9.-'], wantNo: ['v1.x', 'va.y', 'v1./', 'v.y'] },
    { glob: 'v[^0-9a]', wantYes: ['vb'], wantNo: ['v5', 'va', 'v/'] },
    { glob: '[]-]', wantYes: [']', '-'], wantNo: ['[', 'a'] },
    { glob: '[!]]', wantYes: ['a'], wantNo: [']'] },
    { glob: '[a-]', wantYes: ['a', '-'], wantNo: ['b'] },
    { glob: 'a[b', wantYes: ['a[b'], wantNo: ['ab'] },
    { glob: '{a,b}+(c)', wantYes: ['{a,b}+(c)'], wantNo: ['a', 'bc'] },
    { glob: '\\!a\\*', wantYes: ['!a*'], wantNo: ['!ab'] },
    { glob: 'a\\', wantYes: ['a\\'], wantNo: ['a'] },
    { glob: '', wantYes: [], wantNo: ['', 'a'] },
  ])('$glob', ({ glob, wantYes, wantNo }) => {
    expect(matching([glob], [...wantYes, ...wantNo])).toEqual(wantYes)
  })

  it.each([
    { globs: [], wantPaths: ['docs/a.md', 'docs/keep.md', 'src/a.ts'] },
    { globs: ['docs/**', 'src/**'], wantPaths: ['docs/a.md', 'docs/keep.md', 'src/a.ts'] },
    { globs: ['**', '!docs/**'], wantPaths: ['src/a.ts'] },
    { globs: ['**', '!docs/**', 'docs/keep.md'], wantPaths: ['docs/keep.md', 'src/a.ts'] },
    { globs: ['docs/keep.md', '!docs/**'], wantPaths: [] },
    { globs: ['!docs/**'], wantPaths: ['src/a.ts'] },
    { globs: ['!docs/**', 'docs/keep.md'], wantPaths: ['docs/keep.md', 'src/a.ts'] },
  ])('the last of $globs that matches decides', ({ globs, wantPaths }) => {
    expect(matching(globs, ['docs/a.md', 'docs/keep.md', 'src/a.ts'])).toEqual(wantPaths)
  })

  it('agrees with regular expressions', () => {
    const pieces = ['a', 'b', '.', '*', '**', '?', '[ab]', '[!a]', '/', '/**/', '**/']
    const glob = fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 6 }).map((parts) => parts.join('').replace(/^(\.?\/)+/, ''))
    const path = fc.array(fc.constantFrom('a', 'b', '.', '/'), { minLength: 1, maxLength: 8 }).map((parts) => parts.join(''))
    let matched = 0
    fc.assert(
      fc.property(glob, path, (one, other) => {
        fc.pre(one !== '')
        const wantMatch = expressionOf(one).test(other)
        if (wantMatch) matched++
        expect(createPathFilter([one])(other), `${one} ${other}`).toBe(wantMatch)
      }),
      { numRuns: 5000 },
    )
    expect(matched).toBeGreaterThan(300)
  })

  it('does not hang on a hostile glob', () => {
    const hostile = ['*a'.repeat(120) + 'b', '**a'.repeat(80) + 'b', '**/'.repeat(80) + 'b', '?*'.repeat(120) + '/b', '[a-z]*'.repeat(40) + '!']
    for (const glob of hostile) expect(createPathFilter([glob])('a'.repeat(4000))).toBe(false)
  })

  it('matches nothing by a glob that is too long', () => {
    const long = 'a'.repeat(LONGEST_GLOB + 1)
    expect(createPathFilter([long])(long)).toBe(false)
    expect(globProblem(long)).toContain('at most 256')
    expect(globProblem('')).toContain('is empty')
    expect(globProblem('docs/**')).toBeNull()
  })
})

/** Fit for short globs only: it would hang on a hostile one. */
function expressionOf(glob: string): RegExp {
  const meanings: Record<string, string> = { '*': '[^/]*', '?': '[^/]', '.': '\\.', '[!a]': '[^a/]' }
  const source = glob
    .replace(/\/$/, '/**')
    .replaceAll(/\[!a\]|(\*\*+)(\/?)|[*?.]/g, (piece: string, stars: string | undefined, slash: string, offset: number) => {
      if (stars === undefined) return meanings[piece] ?? piece
      const startsName = offset === 0 || glob[offset - 1] === '/'
      return startsName && slash === '/' ? '(?:[^]*/)?' : `[^]*${slash}`
    })
  return new RegExp(`^${source}$`)
}
