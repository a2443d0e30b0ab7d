import type { GitFiles } from './git-program.ts'
import { pushWorkflow } from './followed.ts'

/** A file that is wrong, and how that is told: its place, the rule, and a part of the message. */
export interface BadDefinition {
  path: string
  content: string | Buffer
  /** Line and column. */
  place: string
  rule: string
  says: string
}

const workflow = (name: string, steps: string): string => pushWorkflow(name)[`workflows/${name}.yaml`]?.replace(/ {4}- .*\n/, steps) ?? ''

/** Nine levels of nine aliases each: 9^9 values when written out. */
const ALIAS_BOMB = ['a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1]']
  .concat([...'bcdefghi'].map((letter, index) => `${letter}: &${letter} [${Array(9).fill(`*${'abcdefgh'[index]}`).join(', ')}]`))
  .join('\n')

/** Every kind of bad definition file that a push may bring. */
export const BAD_DEFINITIONS: readonly BadDefinition[] = [
  {
    path: 'workflows/cycle.yaml',
    content: workflow(
      'cycle',
      '    - {name: hen, image: busybox, script: echo hen, dependsOn: [egg]}\n    - {name: egg, image: busybox, script: echo egg, dependsOn: [hen]}\n',
    ),
    place: '7:53',
    rule: 'step-cycle',
    says: 'hen -> egg -> hen',
  },
  {
    path: 'workflows/unknown.yaml',
    content: workflow(
      'unknown',
      '    - {name: load, image: busybox, script: echo}\n    - {name: store, image: busybox, script: echo, dependsOn: [laod]}\n',
    ),
    place: '8:63',
    rule: 'unknown-dependency',
    says: 'did you mean "load"',
  },
  {
    path: 'workflows/no-job.yaml',
    content: workflow('no-job', '    - {name: publish, manifest: jobs/config.yaml}\n'),
    place: '7:33',
    rule: 'manifest-no-job',
    says: 'ConfigMap',
  },
  { path: 'workflows/no-yaml.yaml', content: 'kind: [Workflow\nmetadata: }{\n', place: '2:1', rule: 'yaml-syntax', says: 'indent' },
  { path: 'workflows/alias-bomb.yaml', content: ALIAS_BOMB, place: '6:7', rule: 'too-many-aliases', says: 'aliases' },
  { path: 'workflows/brackets.yaml', content: '['.repeat(10 * 1024), place: '1:65', rule: 'nesting-too-deep', says: '64 levels' },
  { path: 'workflows/large.yaml', content: `# ${'x'.repeat(97)}\n`.repeat(20 * 1024), place: '1:1', rule: 'file-too-large', says: '1 MiB' },
  {
    path: 'workflows/binary.yaml',
    content: Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 7919) % 256)),
    place: '1:1',
    rule: 'file-not-text',
    says: 'UTF-8',
  },
  {
    path: 'workflows/long-name.yaml',
    content: workflow('n'.repeat(300), '    - {name: only, image: busybox, script: echo}\n'),
    place: '3:18',
    rule: 'invalid-name',
    says: 'at most 63',
  },
]

/** What the bad definitions refer to. */
export const OTHER_FILES: GitFiles = { 'jobs/config.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\n' }
