import type { ExpressionType } from '../../expressions/expression-type.ts'
import type { ExpressionPlace } from '../../expressions/scope.ts'
import { holdsExpression } from '../../expressions/template.ts'
import type { Finding } from '../../problem.ts'
import { childOf, entriesOf, itemsOf, textOf, type SourceDocument, type SourceNode } from '../../source/source-node.ts'
import { offsetOfValue } from '../../source/offset-of-value.ts'
import type { WorkflowSource } from '../../workflow-source.ts'
import { afterShell } from './shell-words.ts'

/** What a field makes of its text: a text with expressions in it, or one expression alone. */
export type SpotKind = 'Template' | 'Condition' | 'List' | 'Lists'

/** A text that may hold expressions. */
export interface Spot {
  node: SourceNode
  text: string
  kind: SpotKind
  /** `Own`: as the step sees it before it is expanded; `Job`: for each Job; `Undo`: of its undo. */
  time: 'Own' | 'Job' | 'Undo'
  /** The field of the step, or of spec, in which it stands. */
  field: string
}

/** Texts that may hold expressions, and those that hold some where none is allowed. */
export interface Spots {
  allowed: Spot[]
  refused: Finding[]
  /** Refused because a shell would run the value. */
  inShell: Finding[]
}

const JOB_FIELDS: ReadonlySet<string> = new Set(['env', 'args', 'command', 'image', 'pod', 'job', 'with'])

/** Read by people only, or refused by a rule of its own. */
const IGNORED_FIELDS: ReadonlySet<string> = new Set(['description', 'script', 'name'])

const ALLOWED = 'they are allowed in env, args, command, image, if, matrix, forEach, with, pod, job and concurrency.group'

/** The texts of a step, or of `defaults`. Several rules want them, so they are looked for once. */
export function stepSpots({ document, defaults, spots }: WorkflowSource, node: SourceNode): Spots {
  const known = spots.get(node)
  if (known) return known
  const found = findStepSpots(document, node, node === defaults ? undefined : defaults)
  spots.set(node, found)
  return found
}

/** `defaults` are those that the step takes over what it does not say itself. */
function findStepSpots(document: SourceDocument, node: SourceNode, defaults: SourceNode | undefined): Spots {
  const spots: Spots = { allowed: [], refused: [], inShell: [] }
  for (const [field, { value }] of entriesOf(node)) {
    const text = textOf(value)
    if (field === 'if' && text !== null) spots.allowed.push({ node: value, text, kind: 'Condition', time: 'Own', field })
    else if (field === 'matrix' || field === 'forEach') addExpansion(spots, field, value)
    else if (field === 'undo') addJobFields(spots, document, value, 'Undo', defaults ? [node, defaults] : [node])
    else if (!JOB_FIELDS.has(field) && !IGNORED_FIELDS.has(field)) refuse(spots.refused, document, value, field)
  }
  addJobFields(spots, document, node, 'Job', defaults ? [defaults] : [])
  return spots
}

function addExpansion(spots: Spots, field: string, value: SourceNode): void {
  const kind = field === 'matrix' ? 'Lists' : 'List'
  const text = textOf(value)
  if (text !== null) spots.allowed.push({ node: value, text, kind, time: 'Own', field })
  else if (value.kind === 'List') for (const item of value.items) addTexts(spots, item, 'Own', field)
  else if (kind === 'Lists') for (const [, entry] of entriesOf(value)) addExpansion(spots, 'forEach', entry.value)
}

function addJobFields(spots: Spots, document: SourceDocument, node: SourceNode, time: Spot['time'], inherited: readonly SourceNode[]): void {
  for (const [field, { value }] of entriesOf(node)) {
    if (field === 'env') addVariables(spots, document, value, time)
    else if (field === 'pod' || field === 'job') addPod(spots, document, value, time, field)
    else if (field === 'image' || field === 'with') addTexts(spots, value, time, field)
    else if (time === 'Undo' && field !== 'command' && field !== 'args' && field !== 'script') refuse(spots.refused, document, value, field)
  }
  addCommand(spots, document, [node, ...inherited], time)
}

/** Names of variables stay as they are: who reads them must find them. */
function addVariables(spots: Spots, document: SourceDocument, list: SourceNode, time: Spot['time']): void {
  for (const item of itemsOf(list)) {
    for (const [field, { value }] of entriesOf(item)) {
      if (field === 'name') refuse(spots.refused, document, value, 'env.name')
      else addTexts(spots, value, time, 'env')
    }
  }
}

/** Command and arguments of the first of these that has one: only its own are told about, what is inherited just completes it. */
function addCommand(spots: Spots, document: SourceDocument, nodes: readonly SourceNode[], time: Spot['time']): void {
  const fields = ['command', 'args'] as const
  const isScript = childOf(nodes[0], 'script') !== undefined
  const lists = fields.map((field) => (isScript ? undefined : nodes.map((node) => childOf(node, field)).find((list) => list !== undefined)))
  const words = lists.flatMap((list) => itemsOf(list))
  const script = afterShell(words.map((word) => word.json)) ?? words.length
  for (const field of fields) {
    for (const word of itemsOf(childOf(nodes[0], field))) {
      const text = textOf(word)
      if (text === null || !holdsExpression(text)) continue
      if (words.indexOf(word) < script) spots.allowed.push({ node: word, text, kind: 'Template', time, field })
      else spots.inShell.push({ at: offsetOfValue(document, word, text, text.indexOf('${{')), message: IN_SHELL })
    }
  }
}

const IN_SHELL = 'expressions are refused after "sh -c", where the value would be run: put it into "env" and use the variable'

/** All of a pod or a Job, but what a shell runs. */
function addPod(spots: Spots, document: SourceDocument, node: SourceNode, time: Spot['time'], field: string): void {
  const command = [childOf(node, 'command'), childOf(node, 'args')]
  if (command.some((list) => list?.kind === 'List')) addCommand(spots, document, [node], time)
  for (const [name, { value }] of entriesOf(node)) {
    if (!((name === 'command' || name === 'args') && value.kind === 'List')) addPod(spots, document, value, time, field)
  }
  for (const item of itemsOf(node)) addPod(spots, document, item, time, field)
  addText(spots, node, time, field)
}

/** The texts of a Job manifest: all of its spec, since those are the fields that a step has, and nothing of its metadata. */
export function findManifestSpots(document: SourceDocument): Spots {
  const spots: Spots = { allowed: [], refused: [], inShell: [] }
  for (const [field, { value }] of entriesOf(document.root)) {
    if (field !== 'spec') refuse(spots.refused, document, value, field)
  }
  const spec = childOf(document.root, 'spec')
  if (spec) addPod(spots, document, spec, 'Job', 'manifest')
  return spots
}

/** Expressions where none is allowed: everything below the value. */
export function refuse(refused: Finding[], document: SourceDocument, node: SourceNode, field: string): void {
  const text = textOf(node)
  if (text !== null && holdsExpression(text)) {
    refused.push({ at: offsetOfValue(document, node, text, text.indexOf('${{')), message: `expressions are refused in "${field}": ${ALLOWED}` })
  }
  for (const [name, { value }] of entriesOf(node)) if (name !== 'description') refuse(refused, document, value, field)
  for (const item of itemsOf(node)) refuse(refused, document, item, field)
}

function addTexts(spots: Spots, node: SourceNode, time: Spot['time'], field: string): void {
  for (const [, { value }] of entriesOf(node)) addTexts(spots, value, time, field)
  for (const item of itemsOf(node)) addTexts(spots, item, time, field)
  addText(spots, node, time, field)
}

function addText(spots: Spots, node: SourceNode, time: Spot['time'], field: string): void {
  const text = textOf(node)
  if (text !== null && holdsExpression(text)) spots.allowed.push({ node, text, kind: 'Template', time, field })
}

/** Where an expression of a step stands. */
export function placeOf(spot: Spot, step: string, expansion: { matrix: ExpressionType | null; item: ExpressionType | null }): ExpressionPlace {
  if (spot.time === 'Own') return { kind: 'Condition', step }
  return { kind: spot.time === 'Job' ? 'Step' : 'Undo', step, ...expansion }
}
