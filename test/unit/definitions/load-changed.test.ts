import { describe, expect, it } from 'vitest'
import { createDefinitionCache, type DefinitionCache } from '../../../src/definitions/definition-cache.ts'
import { loadDefinitions } from '../../../src/definitions/load-definitions.ts'
import { ASSUMED_POLICY } from '../../../src/definitions/policy/policy.ts'
import type { Definitions } from '../../../src/definitions/workflow.ts'
import { createSeededRandom } from '../../../src/simulation/seeded-random.ts'
import { mutate, readSeeds } from '../../fuzz/documents.ts'
import { createInMemoryFiles } from './in-memory-files.ts'
import { schedule, workflow } from './check-marked.ts'

const TOOLS = createDefinitionCache()

/** A memory of nothing; what takes long to make is shared. */
function forgetful(): DefinitionCache {
  return { ...createDefinitionCache(), schemaCheck: TOOLS.schemaCheck, language: TOOLS.language }
}

const OPTIONS = { path: 'workflows', policy: ASSUMED_POLICY }

function plain(name: string, rest = ''): string {
  return workflow(
    `params: {site: {default: a}}\ntriggers: {schedule: [{cron: "0 3 * * *"}]}\nsteps: [{name: a, image: "x:1", script: echo}]\n${rest}`,
    name,
  )
}

const FILES: Record<string, string> = {
  'workflows/a.yaml': plain('a'),
  'workflows/b.yaml': plain('b'),
  'workflows/c.yaml': schedule('workflow: b\ncron: "0 4 * * *"\nparams: {site: b}', 'c'),
  'workflows/d.yaml': workflow('steps: [{name: a, manifest: jobs/a.yaml}]', 'd'),
  'workflows/e.yaml': workflow('triggers: {workflow: [{name: a}]}\nsteps: [{name: a, image: "x:1"}]', 'e'),
  'workflows/f.yaml': 'kind: Other',
  'jobs/a.yaml': 'apiVersion: batch/v1\nkind: Job\nspec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: "x:1"}]}}}',
}

/** Loads again and again with one memory; each time it must be what somebody finds who sees the files for the first time. */
function createLoader() {
  const cache = forgetful()
  let last: Definitions | null = null
  return async (content: Record<string, string>): Promise<{ definitions: Definitions; isQuick: boolean }> => {
    const definitions = await loadDefinitions(createInMemoryFiles(content), { ...OPTIONS, cache })
    expect(definitions).toEqual(await loadDefinitions(createInMemoryFiles(content), { ...OPTIONS, cache: forgetful() }))
    const isQuick = last !== null && last.ignored === definitions.ignored
    last = definitions
    return { definitions, isQuick }
  }
}

describe('a load after another one', () => {
  it.each([
    { title: 'nothing', change: {}, wantQuick: true },
    { title: 'a step', change: { 'workflows/a.yaml': plain('a').replace('echo', 'date') }, wantQuick: true },
    { title: 'a mistake', change: { 'workflows/a.yaml': plain('a').replace('script', 'scrpt') }, wantQuick: true },
    {
      title: 'a schedule that its params do not suit',
      change: { 'workflows/c.yaml': FILES['workflows/c.yaml']?.replace('site', 'sites') ?? '' },
      wantQuick: true,
    },
    {
      title: 'params that a schedule of another file gives',
      change: { 'workflows/b.yaml': plain('b').replace('site:', 'place:') },
      wantQuick: false,
    },
    { title: 'a name', change: { 'workflows/b.yaml': plain('g') }, wantQuick: false },
    { title: 'a name that is there already', change: { 'workflows/b.yaml': plain('a') }, wantQuick: false },
    { title: 'a text that is no YAML', change: { 'workflows/a.yaml': 'a: ]' }, wantQuick: false },
    { title: 'a manifest', change: { 'jobs/a.yaml': 'kind: ConfigMap' }, wantQuick: false },
    { title: 'an ignored file that is one of ours', change: { 'workflows/f.yaml': plain('f') }, wantQuick: false },
    {
      title: 'a trigger between workflows',
      change: { 'workflows/a.yaml': plain('a').replace('triggers: {', 'triggers: {workflow: [{name: e}], ') },
      wantQuick: false,
    },
    { title: 'a new file', change: { 'workflows/g.yaml': plain('g') }, wantQuick: false },
  ])('finds $title', async ({ change, wantQuick }) => {
    const load = createLoader()
    await load(FILES)
    const { isQuick } = await load({ ...FILES, ...change })
    expect(isQuick).toBe(wantQuick)
    await load(FILES)
  })

  it('finds what a first one finds, whatever has changed in a few files', async () => {
    const load = createLoader()
    const seeds = [...readSeeds(), ...Object.values(FILES)]
    let content = FILES
    let quick = 0
    for (let round = 0; round < 120; round++) {
      const random = createSeededRandom(`changes/${round}`)
      const paths = Object.keys(FILES)
      const path = paths[Math.floor(random.fraction() * paths.length)] ?? ''
      const isNew = random.fraction() < 0.3
      content = { ...content, [path]: random.fraction() < 0.4 ? (FILES[path] ?? '') : mutate(isNew ? seeds : [content[path] ?? ''], random) }
      if ((await load(content)).isQuick) quick++
    }
    expect(quick).toBeGreaterThan(20)
  })
})
