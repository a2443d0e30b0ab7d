import { childOf, entriesOf, itemsOf, textOf, type SourceDocument, type SourceEntry, type SourceMap, type SourceNode } from '../source/source-node.ts'
import type { Position } from '../problem.ts'
import { CONTAINER_FIELDS, type StepSource, type WorkflowSource } from '../workflow-source.ts'
import { formatPath, type Path } from './place.ts'
import { podAsks, type Ask } from './pod-asks.ts'

/** Something that a pod asks for, and where it is written. */
export interface PlacedAsk {
  ask: Ask
  at: Position
}

/** More of one document are not looked at. */
const MOST_ASKS = 5000

/** What the pods of a workflow's steps ask for. What an expression makes is not known before the Job is made, and is judged there. */
export function placeWorkflowAsks({ document, steps, finally: last, defaults }: WorkflowSource): PlacedAsk[] {
  const placed = new Map<string, PlacedAsk>()
  for (const step of [...steps, ...last]) {
    if (placed.size >= MOST_ASKS) break
    for (const { ask, offset } of placeStepAsks(step, defaults)) {
      // What steps take from the defaults is said once.
      const key = `${offset} ${ask.kind} ${ask.kind === 'PodSecurity' ? formatPath(ask.path) : ask.name}`
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

function placeStepAsks(step: StepSource, defaults: SourceNode | undefined): { ask: Ask; offset: number }[] {
  const pod = podOf(step, defaults)
  if (pod === null) return []
  // A manifest has an account and images of its own: the step adds variables only.
  const asks = podAsks(pod.json).filter((ask) => step.kind === 'Container' || ask.kind === 'Secret')
  return known(asks).map((ask) => ({ ask, offset: offsetOf(pod, ask.path) ?? step.at }))
}

/** The pod that a step makes, with the places of its parts; null when it makes none, or nobody knows yet. */
function podOf(step: StepSource, defaults: SourceNode | undefined): SourceMap | null {
  switch (step.kind) {
    case 'Join':
    case 'Approval':
    case 'Template':
      return null
    case 'Manifest':
      return podWith(new Map(), containerOf(step, defaults, ['env']))
    case 'Container': {
      const fields = new Map([...entriesOf(childOf(defaults, 'pod')), ...entriesOf(childOf(step.node, 'pod'))])
      return podWith(fields, containerOf(step, defaults, CONTAINER_FIELDS))
    }
  }
}

function podWith(fields: Map<string, SourceEntry>, container: SourceMap): SourceMap {
  const { start } = container
  fields.set('containers', { key: { start }, value: { kind: 'List', items: [container], json: [container.json], start } })
  return mapOf(fields, start)
}

function containerOf(step: StepSource, defaults: SourceNode | undefined, names: readonly string[]): SourceMap {
  const fields = new Map<string, SourceEntry>()
  for (const [name, entry] of [...entriesOf(defaults), ...entriesOf(step.node)]) if (names.includes(name)) fields.set(name, entry)
  const environment = environmentOf(step, defaults)
  if (environment) fields.set('env', environment)
  return mapOf(fields, step.at)
}

/** A step's own variables beside those of the defaults that it does not replace. */
function environmentOf(step: StepSource, defaults: SourceNode | undefined): SourceEntry | undefined {
  const own = step.own('env')
  const inherited = childOf(defaults, 'env')
  if (!own || !inherited) return step.field('env')
  const names = new Set(itemsOf(own.value).map((item) => textOf(childOf(item, 'name'))))
  const items = [...itemsOf(inherited).filter((item) => !names.has(textOf(childOf(item, 'name')))), ...itemsOf(own.value)]
  return { key: own.key, value: { kind: 'List', items, json: items.map((item) => item.json), start: own.value.start } }
}

function mapOf(entries: Map<string, SourceEntry>, start: number): SourceMap {
  return { kind: 'Map', entries, json: Object.fromEntries([...entries].map(([name, { value }]) => [name, value.json])), start }
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
