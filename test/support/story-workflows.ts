import type { RunResult, StepResult } from '../../src/runs/run.ts'

/** What a step of the story may come to, and when it may begin. */
export interface WantedStep {
  results: readonly StepResult[]
  /** Steps whose processes must have ended before its own begin. */
  after: readonly string[]
  /** How often its script begins: at least and at most. */
  starts: readonly [number, number]
  /** How often its script reaches its last line. */
  ends: number
}

/** What a workflow of the story does, whatever happens to the controller meanwhile. */
export interface WantedWorkflow {
  name: string
  /** `Each`: every commit runs. `Latest`: every tip that was dealt with runs. */
  trigger: { kind: 'Push'; commits: 'Each' | 'Latest' } | { kind: 'Schedule'; catchUp: 'All' | 'Latest' }
  result: RunResult
  /** Succeeded Runs that stay once they are recorded. */
  keeps: number
  steps: Readonly<Record<string, WantedStep>>
}

/** The scripts of the story's steps write a line here when they begin and one when they end: `<run> <step> <start|end> <nanoseconds>`. */
export type EvidenceFile = string

const runs = (result: StepResult, after: readonly string[] = []): WantedStep => ({ results: [result], after, starts: [1, 1], ends: 1 })

/** The workflows of the story. */
export const STORY: readonly WantedWorkflow[] = [
  {
    name: 'chain',
    trigger: { kind: 'Push', commits: 'Each' },
    result: 'Succeeded',
    keeps: 10,
    steps: {
      first: runs('Succeeded'),
      left: runs('Succeeded', ['first']),
      right: runs('Succeeded', ['first']),
      last: runs('Succeeded', ['left', 'right']),
      tidy: runs('Succeeded', ['last']),
    },
  },
  {
    name: 'fallback',
    trigger: { kind: 'Push', commits: 'Latest' },
    result: 'Succeeded',
    keeps: 10,
    steps: {
      source: { results: ['Failed'], after: [], starts: [1, 1], ends: 0 },
      mirror: runs('Succeeded', ['source']),
      unpack: { results: ['Skipped'], after: [], starts: [0, 0], ends: 0 },
    },
  },
  {
    name: 'second-try',
    trigger: { kind: 'Push', commits: 'Latest' },
    result: 'Succeeded',
    keeps: 10,
    steps: { moody: { results: ['Succeeded'], after: [], starts: [2, 2], ends: 1 } },
  },
  {
    name: 'cut-short',
    trigger: { kind: 'Push', commits: 'Latest' },
    result: 'Failed',
    keeps: 30,
    steps: {
      breaks: { results: ['Failed'], after: [], starts: [1, 1], ends: 0 },
      // Cancelled when its neighbour fails, which may be before its process has begun; Skipped when the controller dies between their Jobs.
      endless: { results: ['Cancelled', 'Skipped'], after: [], starts: [0, 1], ends: 0 },
    },
  },
  { name: 'every-tick', trigger: { kind: 'Schedule', catchUp: 'All' }, result: 'Succeeded', keeps: 1, steps: { beat: runs('Succeeded') } },
  { name: 'newest-tick', trigger: { kind: 'Schedule', catchUp: 'Latest' }, result: 'Succeeded', keeps: 10, steps: { beat: runs('Succeeded') } },
]

/** The files of the story's workflows. Their schedules tick every minute. */
export function storyFiles(evidence: EvidenceFile): Record<string, string> {
  const mark = (step: string, what: string): string => `printf '%s %s %s %s\\n' "$FUSEE_RUN" ${step} ${what} "$(date +%s%N)" >> '${evidence}'`
  const script = (step: string, ...body: string[]): string =>
    ['script: |', ...[mark(step, 'start'), ...body, mark(step, 'end')].map((line) => `        ${line}`)].join('\n')
  const workflow = (name: string, lines: string[]): [string, string] => [
    `workflows/${name}.yaml`,
    [
      `apiVersion: fusee.dev/v1alpha1`,
      `kind: Workflow`,
      `metadata: {name: ${name}}`,
      `spec:`,
      `  defaults: {image: "busybox:1.36"}`,
      ...lines,
      '',
    ].join('\n'),
  ]
  return Object.fromEntries([
    workflow('chain', [
      `  triggers: {push: {commits: Each}}`,
      `  steps:`,
      `    - name: first\n      ${script('first')}`,
      `    - name: left\n      dependsOn: [first]\n      ${script('left')}`,
      `    - name: right\n      dependsOn: [first]\n      ${script('right')}`,
      `    - name: last\n      dependsOn: [left, right]\n      ${script('last')}`,
      `  finally:`,
      `    - name: tidy\n      ${script('tidy')}`,
    ]),
    workflow('fallback', [
      `  triggers: {push: {}}`,
      `  steps:`,
      `    - name: source\n      allowFailure: true\n      ${script('source', 'exit 7')}`,
      `    - name: mirror\n      dependsOn: [{step: source, when: Failed}]\n      ${script('mirror')}`,
      `    - name: unpack\n      dependsOn: [{step: mirror, when: Failed}]\n      ${script('unpack')}`,
    ]),
    workflow('second-try', [
      `  triggers: {push: {}}`,
      `  steps:`,
      `    - name: moody\n      retries: 1\n      ${script('moody', `! mkdir '${evidence}'."$FUSEE_RUN" 2>/dev/null || exit 5`)}`,
    ]),
    workflow('cut-short', [
      `  triggers: {push: {}}`,
      `  failFast: true`,
      `  steps:`,
      `    - name: breaks\n      ${script('breaks', 'exit 3')}`,
      `    - name: endless\n      ${script('endless', 'sleep 600')}`,
    ]),
    workflow('every-tick', [
      `  triggers: {schedule: [{cron: "* * * * *", catchUp: All}]}`,
      `  retention: {succeeded: 1}`,
      `  steps:`,
      `    - name: beat\n      ${script('beat')}`,
    ]),
    workflow('newest-tick', [
      `  triggers: {schedule: [{cron: "* * * * *", catchUp: Latest}]}`,
      `  steps:`,
      `    - name: beat\n      ${script('beat')}`,
    ]),
  ])
}
