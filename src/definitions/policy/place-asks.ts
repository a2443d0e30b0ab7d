import { containerOf, podWith, viewStepJobs } from '../kubernetes/job-view.ts'
import { childOf, itemsOf, textOf, type SourceDocument, type SourceNode } from '../source/source-node.ts'
import type { Position } from '../problem.ts'
import type { StepSource, WorkflowSource } from '../workflow-source.ts'
import { formatPath, type Path } from './place.ts'
import { podAsks, type Ask } from './pod-asks.ts'

/** Something that a pod asks for, and where it is written. */
export interface PlacedAsk {
  ask: Ask
  at: Position
}

/** What a step adds to the containers of its manifest. */
const OF_MANIFESTS: ReadonlySet<string> = new Set(['env'])

/** More of one document are not looked at. */
const MOST_ASKS = 5000

/** What the pods of a workflow's steps ask for. What an expression makes is not known before the Job is made, and is judged there. */
export function placeWorkflowAsks(workflow: WorkflowSource): PlacedAsk[] {
  const { document, steps, finally: last } = workflow
  const placed = new Map<string, PlacedAsk>()
  for (const step of [...steps, ...last]) {
    if (placed.size >= MOST_ASKS) break
    for (const { ask, offset } of placeStepAsks(workflow, step)) {
      // What steps take from the defaults is said once, and so is what they leave out.
      const place = ask.kind === 'ServiceAccount' && ask.path.length === 0 ? 'nowhere' : offset
      const key = `${place} ${ask.kind} ${ask.kind === 'PodSecurity' ? formatPath(ask.path) : ask.name}`
      if (!placed.has(key)) placed.set(key, { ask, at: document.positionAt(offset) })
    }
  }
  return [...placed.values()]
}

/** What a manifest's pod asks for. */
export function placeManifestAsks(document: SourceDocument): PlacedAsk[] {
  const namespace = childOf(document.root, 'metadata', 'namespace')
  const name = textOf(namespace)
  const template = childOf(document.root, 'spec', 'template')
  const spec = childOf(template, 'spec')
  const own: PlacedAsk[] =
    namespace && name !== null && name !== ''
      ? [{ ask: { kind: 'Namespace', name, path: ['metadata', 'namespace'] }, at: document.positionAt(namespace.start) }]
      : []
  if (!spec) return own
  const asks = podAsks(spec.json, childOf(template, 'metadata', 'annotations')?.json)
  const at = (path: Path) => document.positionAt(offsetOf(path[0] === 'metadata' ? template : spec, path) ?? spec.start)
  return [...own, ...known(asks).map((ask) => ({ ask, at: at(ask.path) }))].slice(0, MOST_ASKS)
}

function placeStepAsks(workflow: WorkflowSource, step: StepSource): { ask: Ask; offset: number }[] {
  return podsOf(workflow, step).flatMap((pod) => {
    // A manifest has an account and images of its own: the step adds variables only.
    const asks = podAsks(pod.json).filter((ask) => step.kind === 'Container' || ask.kind === 'Secret')
    return known(asks).map((ask) => ({ ask, offset: offsetOf(pod, ask.path) ?? step.at }))
  })
}

/** The pods that a step and its undo make; of a manifest what the step adds to it. None where it makes none, or nobody knows yet. */
function podsOf(workflow: WorkflowSource, step: StepSource): SourceNode[] {
  if (step.kind === 'Manifest') return [podWith(new Map(), containerOf([workflow.defaults, step.node], OF_MANIFESTS, step.at))]
  return viewStepJobs(workflow, step).map(({ pod }) => pod)
}

/** Where the value lies; null for the whole, which has no one place. */
function offsetOf(root: SourceNode | undefined, path: Path): number | null {
  let node = root
  let offset: number | null = null
  for (const part of path) {
    node = typeof part === 'number' ? itemsOf(node)[part] : childOf(node, part)
    if (!node) break
    offset = node.start
  }
  return offset
}

function known(asks: readonly Ask[]): Ask[] {
  return asks.filter((ask) => ask.kind === 'PodSecurity' || !ask.name.includes('${{'))
}
