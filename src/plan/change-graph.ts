import { stepsOf, type Change, type WorkflowChange } from './plan-change.ts'

/** More is no picture any more, and forges refuse to draw it. */
const MOST_NODES = 100
const MOST_EDGES = 300

const CLASSES: Readonly<Record<Change, string>> = {
  Added: 'fill:#d4f4dd,stroke:#2da44e,color:#116329',
  Changed: 'fill:#fff8c5,stroke:#bf8700,color:#7d4e00',
  Removed: 'fill:#ffdcd7,stroke:#cf222e,color:#82071e,stroke-dasharray: 4',
}

/** The steps of both versions and what waits for what, coloured by what became of them, as Mermaid; null when it is too large to draw. */
export function changeGraph({ before, after, steps }: Pick<WorkflowChange, 'before' | 'after' | 'steps'>): string | null {
  const changes = new Map(steps.map(({ name, change }) => [name, change]))
  const removed = stepsOf(before).filter(({ name }) => changes.get(name) === 'Removed')
  const nodes = [...stepsOf(after), ...removed]
  const edges = nodes.flatMap((step) => step.dependsOn.map(({ step: from, when }) => ({ from, when, to: step.name })))
  if (nodes.length === 0 || nodes.length > MOST_NODES || edges.length > MOST_EDGES) return null
  const ids = new Map(nodes.map(({ name }, index) => [name, `s${index}`]))
  const classes = [...new Set(changes.values())].map((change) => `  classDef ${change} ${CLASSES[change]}`)
  const lines = [
    'flowchart LR',
    ...nodes.map(({ name }) => `  ${ids.get(name) ?? ''}["${name}"]${changes.has(name) ? `:::${changes.get(name) ?? ''}` : ''}`),
    ...edges.flatMap(({ from, when, to }) => {
      const known = ids.get(from)
      return known === undefined ? [] : [`  ${known} -->${when === 'Succeeded' ? '' : `|${when}|`} ${ids.get(to) ?? ''}`]
    }),
    ...classes,
  ]
  return `${lines.join('\n')}\n`
}
