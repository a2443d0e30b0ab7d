import { childOf, entriesOf, entryOf, itemsOf, textOf, type SourceEntry, type SourceMap, type SourceNode } from '../source/source-node.ts'
import { CONTAINER_FIELDS, type StepSource, type WorkflowSource } from '../workflow-source.ts'

/** A Job as it will be made, as far as a file tells it, with the places of its parts. */
export interface JobView {
  /** Its JobSpec; in a step without the template. */
  job: SourceNode | undefined
  pod: SourceNode
  /** Containers and init containers, in this order. */
  containers: readonly ContainerView[]
  /** Names of all fields that it, its pod and its containers have, and `valueFrom` where a variable has that: most rules are about fields that few have. */
  fields: ReadonlySet<string>
}

/** One of its containers. */
export interface ContainerView {
  node: SourceNode
  name: string | null
  /** Where its name stands, or it begins. */
  at: number
  isInit: boolean
}

/** Stands among the fields of a Job whose pod has more than one container. */
export const SEVERAL_CONTAINERS = '(several containers)'

const OF_CONTAINERS: ReadonlySet<string> = new Set(CONTAINER_FIELDS)

/** The container of a step, as it is called in its Job. */
const STEP_CONTAINER = 'step'

/** The Job of a manifest. */
export function viewJob(spec: SourceNode | undefined): JobView | null {
  const pod = childOf(spec, 'template', 'spec')
  return pod ? withFields(spec, pod, [...viewContainers(pod, 'containers'), ...viewContainers(pod, 'initContainers')]) : null
}

/** The Jobs of a step: its own, and that of its undo. Several rules want them, so they are put together once. */
export function viewStepJobs(workflow: WorkflowSource, step: StepSource): readonly JobView[] {
  const known = workflow.jobs.get(step)
  if (known) return known
  const jobs = step.kind === 'Container' ? putTogether(step, workflow.defaults) : []
  workflow.jobs.set(step, jobs)
  return jobs
}

function putTogether(step: StepSource, defaults: SourceNode | undefined): JobView[] {
  const own = [defaults, step.node]
  const undo = step.field('undo')?.value
  return [viewOf(own, step.at), ...(undo?.kind === 'Map' ? [viewOf([...own, undo], undo.start)] : [])]
}

/** `layers` from the outermost: what a later one says counts. */
function viewOf(layers: readonly (SourceNode | undefined)[], at: number): JobView {
  const container = containerOf(layers, OF_CONTAINERS, at)
  const pod = podWith(merged(layers, 'pod'), container)
  const job = mapOf(merged(layers, 'job'), at)
  const main: ContainerView = { node: container, name: STEP_CONTAINER, at, isInit: false }
  return withFields(job, pod, [main, ...viewContainers(pod, 'initContainers')])
}

function withFields(job: SourceNode | undefined, pod: SourceNode, containers: readonly ContainerView[]): JobView {
  const fields = new Set<string>()
  for (const node of [job, pod, ...containers.map((container) => container.node)]) {
    if (node?.kind === 'Map') for (const name of node.entries.keys()) fields.add(name)
  }
  const variables = fields.has('env') ? containers.flatMap(({ node }) => itemsOf(childOf(node, 'env'))) : []
  if (variables.some((variable) => childOf(variable, 'valueFrom'))) fields.add('valueFrom')
  if (containers.length > 1) fields.add(SEVERAL_CONTAINERS)
  return { job, pod, containers, fields }
}

function viewContainers(pod: SourceNode, list: 'containers' | 'initContainers'): ContainerView[] {
  return itemsOf(childOf(pod, list)).map((node) => {
    const name = childOf(node, 'name')
    return { node, name: textOf(name), at: name?.start ?? node.start, isInit: list === 'initContainers' }
  })
}

function merged(layers: readonly (SourceNode | undefined)[], field: 'pod' | 'job'): Map<string, SourceEntry> {
  return new Map(layers.flatMap((layer) => entriesOf(childOf(layer, field))))
}

/** A pod of these fields and this container. */
export function podWith(fields: Map<string, SourceEntry>, container: SourceMap): SourceMap {
  const { start } = container
  fields.set('containers', { key: { start }, value: { kind: 'List', items: [container], json: [container.json], start } })
  return mapOf(fields, start)
}

/** The container that these layers make of a step, with these fields only. */
export function containerOf(layers: readonly (SourceNode | undefined)[], names: ReadonlySet<string>, at: number): SourceMap {
  const fields = new Map<string, SourceEntry>()
  for (const layer of layers) for (const [name, entry] of entriesOf(layer)) if (names.has(name)) fields.set(name, entry)
  const environment = layers.flatMap((layer) => entryOfEnv(layer)).reduce<SourceEntry | undefined>(mergeVariables, undefined)
  if (environment) fields.set('env', environment)
  return mapOf(fields, at)
}

function entryOfEnv(layer: SourceNode | undefined): SourceEntry[] {
  const entry = entryOf(layer, 'env')
  return entry ? [entry] : []
}

/** Variables of a later layer stand for those of the same name. */
function mergeVariables(before: SourceEntry | undefined, { key, value }: SourceEntry): SourceEntry {
  if (!before) return { key, value }
  const names = new Set(itemsOf(value).map(nameOf))
  const items = [...itemsOf(before.value).filter((item) => !names.has(nameOf(item))), ...itemsOf(value)]
  return { key, value: { kind: 'List', items, json: items.map((item) => item.json), start: value.start } }
}

function nameOf(item: SourceNode): string | null {
  return textOf(childOf(item, 'name'))
}

function mapOf(entries: Map<string, SourceEntry>, start: number): SourceMap {
  return { kind: 'Map', entries, json: Object.fromEntries([...entries].map(([name, { value }]) => [name, value.json])), start }
}
