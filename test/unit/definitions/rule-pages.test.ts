import { readdir, readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'

const SOURCES = 'src/definitions'

/** Ids of rules, wherever a diagnostic is made. */
const MENTIONS = /(?:\b(?:id|rule)(?: =)?:? '|\b(?:errorAt|problemOf|nearMiss|exceeded)\((?:[^()']|\([^()]*\))*')([a-z]+(?:-[a-z]+)+)'/g

async function ruleIds(): Promise<string[]> {
  const files = (await readdir(SOURCES, { recursive: true })).filter((file) => file.endsWith('.ts'))
  const texts = await Promise.all(files.map((file) => readFile(`${SOURCES}/${file}`, 'utf8')))
  const ids = texts.flatMap((text) => [...text.matchAll(MENTIONS)].map((match) => match[1] ?? ''))
  return [...new Set(ids)].sort()
}

describe('pages of rules', () => {
  it('are there for every rule, and for no other', async () => {
    const pages = (await readdir('docs/rules')).filter((file) => file !== 'README.md').map((file) => file.replace(/[.]md$/, ''))
    expect(pages.sort()).toEqual(await ruleIds())
  })

  it('are listed', async () => {
    const list = await readFile('docs/rules/README.md', 'utf8')
    for (const id of await ruleIds()) expect(list).toContain(`(${id}.md)`)
  })
})
