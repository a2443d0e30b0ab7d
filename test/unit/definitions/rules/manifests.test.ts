import { describe, expect, it } from 'vitest'
import { checkMarked, workflow } from '../check-marked.ts'

interface Case {
  rule: string
  name: string
  /** Each expected place stands after a mark. */
  text: string
  wantMessages: string[]
  others?: Record<string, string>
}

const CASES: Case[] = [
  {
    rule: 'manifest-missing',
    name: 'neither file nor folder',
    text: workflow(`
steps:
  - {name: a, manifest: «jobs/none.yaml}
  - {name: b, manifest: «../a.yaml, dependsOn: [a]}
  - {name: c, manifest: «/etc, dependsOn: [a]}
`),
    wantMessages: ['no file or folder', 'outside the repository', 'outside the repository'],
  },
  {
    rule: 'manifest-no-job',
    name: 'something else in the file, and nothing in the folder',
    text: workflow(`
chain: true
steps:
  - {name: a, manifest: «jobs/map.yaml}
  - {name: b, manifest: «jobs}
  - {name: c, manifest: «jobs/empty.yaml}
`),
    wantMessages: ['holds a v1 ConfigMap', 'no file of the folder', 'holds nothing'],
    others: { 'jobs/map.yaml': 'apiVersion: v1\nkind: ConfigMap\n', 'jobs/empty.yaml': '# nothing\n' },
  },
]

describe('rules about manifests', () => {
  it.each(CASES)('$rule: $name', async ({ rule, text, wantMessages, others }) => {
    const { places, wantPlaces, rules, messages } = await checkMarked(text, others)
    expect(places).toEqual(wantPlaces)
    expect(rules).toEqual([rule])
    for (const [index, wantMessage] of wantMessages.entries()) expect(messages[index]).toContain(wantMessage)
  })
})
