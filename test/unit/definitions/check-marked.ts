import { createDefinitionCache } from '../../../src/definitions/definition-cache.ts'
import { loadDefinitions } from '../../../src/definitions/load-definitions.ts'
import type { Policy } from '../../../src/definitions/policy/policy.ts'
import type { Definitions } from '../../../src/definitions/workflow.ts'
import { createInMemoryFiles, type Content } from './in-memory-files.ts'

const FILE = 'workflows/a.yaml'
/** Stands before every character at which a diagnostic is expected. */
const MARK = '«'

const cache = createDefinitionCache()

/** What a check of a marked text came to. */
export interface Checked {
  definitions: Definitions
  /** `line:column` of the marks. */
  wantPlaces: string[]
  /** `line:column` of the diagnostics of this file. */
  places: string[]
  rules: string[]
  messages: string[]
}

/** Rules that have something to say about every short example. */
const BESIDES: readonly string[] = ['image-latest', 'no-resources']

/** Loads one file whose expected diagnostics are marked, beside others that are not. What is not carried out yet counts only when the test is about it. */
export async function checkMarked(marked: string, others: Content = {}, policy?: Policy, about = ''): Promise<Checked> {
  const definitions = await load({ ...others, [FILE]: marked.replaceAll(MARK, '') }, policy, about)
  const found = definitions.diagnostics.filter(({ file, rule }) => file === FILE && (rule === about || rule !== 'not-supported-yet'))
  return {
    definitions,
    wantPlaces: placesOf(marked),
    places: found.map(({ line, column }) => `${line}:${column}`),
    rules: [...new Set(found.map(({ rule }) => rule))],
    messages: found.map(({ message }) => message),
  }
}

/** Loads these files; unchanged ones only once in all tests. Without what rules say about every short example, unless the test is about one of them. */
export async function load(content: Content, policy?: Policy, about = ''): Promise<Definitions> {
  const definitions = await loadDefinitions(createInMemoryFiles(content), { path: 'workflows', cache, ...(policy && { policy }) })
  return { ...definitions, diagnostics: definitions.diagnostics.filter(({ rule }) => rule === about || !BESIDES.includes(rule)) }
}

/** A Workflow document around this spec, which starts in line 6. */
export function workflow(spec: string, name = 'a'): string {
  return `apiVersion: fusee.dev/v1alpha1\nkind: Workflow\nmetadata:\n  name: ${name}\nspec:\n${indent(spec)}`
}

/** A Schedule document around this spec, which starts in line 6. */
export function schedule(spec: string, name = 's'): string {
  return `apiVersion: fusee.dev/v1alpha1\nkind: Schedule\nmetadata:\n  name: ${name}\nspec:\n${indent(spec)}`
}

/** A batch/v1 Job. */
export function job(image = 'busybox'): string {
  return `apiVersion: batch/v1\nkind: Job\nmetadata: {name: any}\nspec: {template: {spec: {restartPolicy: Never, containers: [{name: main, image: ${image}}]}}}\n`
}

function indent(text: string): string {
  const lines = text.replace(/^\n/, '').trimEnd().split('\n')
  const margin = Math.min(...lines.filter((line) => line.trim() !== '').map((line) => /^ */.exec(line)?.[0].length ?? 0))
  return lines.map((line) => `  ${line.slice(margin)}`.trimEnd() + '\n').join('')
}

function placesOf(marked: string): string[] {
  return marked.split('\n').flatMap((text, index) =>
    text
      .split(MARK)
      .slice(0, -1)
      .reduce<number[]>((columns, part) => [...columns, (columns.at(-1) ?? 1) + part.length], [])
      .map((column) => `${index + 1}:${column}`),
  )
}
