import type { RunDefinition, Step } from '../definitions/workflow.ts'
import type { StepResult } from '../runs/run.ts'

/** More is no picture any more, and the programs that draw it refuse. */
const MOST_NODES = 100
const MOST_EDGES = 300

const CLASSES = [
  'classDef Succeeded fill:#d4f4dd,stroke:#2da44e,color:#116329',
  'classDef Failed fill:#ffdcd7,stroke:#cf222e,color:#82071e',
  'classDef Skipped fill:#eaeef2,stroke:#8c959f,color:#57606a',
  'classDef Cached fill:#ddf4ff,stroke:#0969da,color:#0a3069',
  'classDef Cancelled fill:#fff1e5,stroke:#bc4c00,color:#762c00',
]

/** The steps of a run and what each waited for, coloured by result, as a Mermaid block; null when it is too large to draw. */
export function stepGraph(definition: RunDefinition, results: ReadonlyMap<string, StepResult>): string | null {
  const steps = [...definition.steps, ...definition.finally]
  const edges = steps.flatMap((step) => step.dependsOn.map((dependency) => ({ ...dependency, to: step.name })))
  if (steps.length === 0 || steps.length > MOST_NODES || edges.length > MOST_EDGES) return null
  const ids = new Map(steps.map((step, index) => [step.name, `s${index}`]))
  const node = (step: Step): string => {
    const result = results.get(step.name)
    return `${ids.get(step.name)}["${label(step.name)}"]${result === undefined ? '' : `:::${result}`}`
  }
  const lines = [
    'flowchart LR',
    ...definition.steps.map((step) => `  ${node(step)}`),
    ...(definition.finally.length === 0 ? [] : ['  subgraph last [finally]', ...definition.finally.map((step) => `    ${node(step)}`), '  end']),
    ...edges.flatMap(({ step, when, to }) => {
      const from = ids.get(step)
      return from === undefined ? [] : [`  ${from} -->${when === 'Succeeded' ? '' : `|${when}|`} ${ids.get(to)}`]
    }),
    ...(definition.finally.length === 0
      ? []
      : [...lastSteps(definition).map((step) => `  ${ids.get(step)} -.-> last`), '  style last fill:none,stroke:#8c959f']),
    ...CLASSES.filter((line) => [...results.values()].some((result) => line.startsWith(`classDef ${result} `))).map((line) => `  ${line}`),
  ]
  return block(lines)
}

/** Those that no other step waits for. */
function lastSteps({ steps }: RunDefinition): string[] {
  const awaited = new Set(steps.flatMap((step) => step.dependsOn.map((dependency) => dependency.step)))
  return steps.map((step) => step.name).filter((name) => !awaited.has(name))
}

/** Durations as bars, oldest first, in the largest unit that shows them; null when there is nothing to compare. */
export function durationChart(durationsMs: readonly number[]): string | null {
  if (durationsMs.length < 2) return null
  const longestMs = Math.max(...durationsMs)
  const [unit, unitMs] =
    longestMs >= 7_200_000 ? (['hours', 3_600_000] as const) : longestMs >= 120_000 ? (['minutes', 60_000] as const) : (['seconds', 1000] as const)
  const bars = durationsMs.map((ms) => Number((ms / unitMs).toFixed(2)))
  const highest = Math.max(1, Math.ceil(longestMs / unitMs))
  return block([
    '%%{init: {"themeVariables": {"xyChart": {"plotColorPalette": "#0969da"}}}}%%',
    'xychart-beta',
    `  x-axis [${bars.map((_, index) => index + 1).join(', ')}]`,
    `  y-axis "${unit}" 0 --> ${highest}`,
    `  bar [${bars.join(', ')}]`,
  ])
}

function block(lines: readonly string[]): string {
  return ['```mermaid', ...lines, '```'].join('\n')
}

/** Names hold none of these; what does is shown without, for the language has no sure way to quote. */
function label(name: string): string {
  return name.replaceAll(/[^\p{L}\p{N} ./_-]/gu, '_').slice(0, 80)
}
