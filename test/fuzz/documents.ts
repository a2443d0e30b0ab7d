import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SeededRandom } from '../../src/simulation/seeded-random.ts'

/** Pieces that parsers and checks stumble over. */
const HOSTILE: readonly string[] = [
  ...[
    '[',
    '{',
    ']',
    '}',
    '"',
    "'",
    '`',
    '|',
    '>',
    '|+',
    '&a',
    '*a',
    '<<: *a',
    '!!binary',
    '!!js/function',
    '---',
    '...',
    '? ',
    ': ',
    '- ',
    '# ',
    '\t',
    '\r',
    '\u0000',
    '\u2028',
    '\ud800',
    '\ufeff',
  ],
  ...['__proto__', 'constructor', 'toString', 'null', '~', 'yes', '0x1F', '1e999', '.inf', '.nan', '-0', '0777', '2026-13-45', '9'.repeat(400)],
  ...[
    '${{',
    '}}',
    '${{ params.site }}',
    '${{ steps.a.results.b',
    '${{ 1 / 0 }}',
    '${{ "}}" }}',
    '$(A)',
    '${{ params.site.matches("(a+)+$") }}',
    '${{ [1].map(x, [x, x]) }}',
  ],
  ...[
    'dependsOn',
    'steps',
    'matrix',
    'forEach',
    'use',
    'with',
    'if',
    'manifest',
    'env',
    'results',
    'undo',
    'approval',
    'triggers',
    'params',
    'cron',
    'H H(0-7) * * *',
    '0 0 30 2 *',
    '@daily',
    '90s',
    'none',
    '1d1d',
  ],
  ...[
    'kind: Workflow',
    'kind: Schedule',
    'kind: StepTemplate',
    'kind: Job',
    'apiVersion: batch/v1',
    'apiVersion: fusee.dev/v1alpha1',
    'x: ]',
    'x: ]\n',
    'x: [,,]\n',
    '? \n',
    'a: &a [*a]',
  ],
]

/** Documents that are right, as a start: those of the sample repository, and some of every field. */
export function readSeeds(): string[] {
  const folders = ['sample-repo/workflows', 'sample-repo/jobs/site']
  const files = folders.flatMap((folder) => readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8')))
  return [...files, EVERYTHING, TEMPLATE]
}

const EVERYTHING = `apiVersion: fusee.dev/v1alpha1
kind: Workflow
metadata: {name: everything, labels: {team: data}}
spec:
  params: {site: {default: x, pattern: "^[a-z]+$"}, count: {type: integer, default: 1}, sites: {type: array, default: [a]}}
  triggers:
    push: {paths: ["a/**", "!a/b"], commits: Each}
    schedule: [{name: night, cron: "0 3 * * *", timeZone: Europe/Helsinki}, {name: hash, cron: "H H * * *"}]
    webhook: [{name: hook}]
    workflow: [{name: other, result: Succeeded}]
  concurrency: {policy: Queue, group: "\${{ params.site }}", limit: 3}
  defaults: {image: "busybox:1.36", env: [{name: A, value: "\${{ params.site }}"}], pod: {volumes: [{name: v, emptyDir: {}}]}}
  steps:
    - {name: load, script: echo, results: {kilobytes: integer}, volumeMounts: [{name: v, mountPath: /v}]}
    - {name: each, dependsOn: [load], matrix: {site: "\${{ params.sites }}", size: [1, 2]}, args: ["\${{ matrix.size + 1 }}"], if: steps.load.results.kilobytes > 0}
    - {name: publish, dependsOn: [{step: each, when: Always}], manifest: jobs, undo: {script: echo}}
    - {name: tell, dependsOn: [load], use: notify, with: {channel: "\${{ params.site }}"}}
  finally:
    - {name: last, script: echo, env: [{name: R, value: "\${{ run.result }}"}]}
`

const TEMPLATE = `apiVersion: fusee.dev/v1alpha1
kind: StepTemplate
metadata: {name: notify}
spec:
  params: {channel: {required: true}}
  step: {image: "busybox:1.36", script: echo, env: [{name: C, value: "\${{ params.channel }}"}]}
`

/** A text of a seed, changed in some places; now and then one that is made of pieces alone. */
export function mutate(seeds: readonly string[], random: SeededRandom): string {
  if (random.fraction() < 0.05) return pieces(random, 1 + below(random, 200))
  let text = pick(random, seeds)
  for (let count = 1 + below(random, 4); count > 0; count--) text = pick(random, MUTATIONS)(text, random)
  return text.length > 200_000 ? text.slice(0, 200_000) : text
}

type Mutation = (text: string, random: SeededRandom) => string

const MUTATIONS: readonly Mutation[] = [
  (text, random) => splice(text, below(random, text.length + 1), 0, pick(random, HOSTILE)),
  (text, random) => splice(text, below(random, text.length + 1), 1 + below(random, 20), ''),
  (text, random) => splice(text, below(random, text.length + 1), below(random, 4), String.fromCharCode(below(random, 0x300))),
  (text, random) => overLines(text, random, (lines, at) => lines.splice(at, 1)),
  (text, random) => overLines(text, random, (lines, at) => lines.splice(at, 0, lines[below(random, lines.length)] ?? '')),
  (text, random) => overLines(text, random, (lines, at) => lines.splice(at, 1, `${' '.repeat(below(random, 12))}${(lines[at] ?? '').trim()}`)),
  (text, random) => overLines(text, random, (lines, at) => lines.splice(at, 1, (lines[at] ?? '').replace(/: .*/, `: ${pick(random, HOSTILE)}`))),
  (text, random) => overLines(text, random, (lines, at) => lines.splice(at, 1, (lines[at] ?? '').replace(/[A-Za-z]+(?=:)/, pick(random, HOSTILE)))),
  (text, random) => text.replaceAll(pick(random, ['name', 'load', 'steps', '[', ': ', 'params']), () => pick(random, HOSTILE)),
  (text, random) => text.slice(0, below(random, text.length)),
  (text, random) =>
    splice(text, below(random, text.length + 1), 0, pick(random, HOSTILE).repeat(1 + below(random, random.fraction() < 0.02 ? 20_000 : 60))),
]

function pieces(random: SeededRandom, count: number): string {
  return Array.from({ length: count }, () => pick(random, HOSTILE) + pick(random, ['', ' ', '\n', '\n  '])).join('')
}

function overLines(text: string, random: SeededRandom, change: (lines: string[], at: number) => void): string {
  const lines = text.split('\n')
  change(lines, below(random, lines.length))
  return lines.join('\n')
}

function splice(text: string, at: number, remove: number, insert: string): string {
  return text.slice(0, at) + insert + text.slice(at + remove)
}

function pick<Item>(random: SeededRandom, items: readonly Item[]): Item {
  const item = items[below(random, items.length)]
  if (item === undefined) throw new RangeError('nothing to pick from')
  return item
}

function below(random: SeededRandom, limit: number): number {
  return Math.floor(random.fraction() * limit)
}
