import type { Container, Json, JsonObject } from '../../definitions/container.ts'
import type { Evaluated } from '../../definitions/expressions/language.ts'
import type { Evaluation, RenderOptions } from '../../definitions/expressions/render.ts'
import { escapeReferences, renderJson } from '../../definitions/expressions/render.ts'
import type { ExpressionPlace } from '../../definitions/expressions/scope.ts'
import { scopeAt } from '../../definitions/expressions/scope.ts'
import { holdsExpression } from '../../definitions/expressions/template.ts'
import type { Step, StepWork, TemplateCall } from '../../definitions/workflow.ts'
import { resolveParams } from '../../triggers/params.ts'
import type { Board, Entry } from './board.ts'
import { expansionsOf } from './expand.ts'
import { expansionTypes } from './expansion-types.ts'
import { conditionEvaluation, evaluationAt, factsOf } from './expressions.ts'

/** Fields of a container whose values Kubernetes expands `$(NAME)` in. */
const EXPANDED_FIELDS = ['command', 'args', 'env']

/** Maps of text to text: what an expression comes to there becomes text, whatever it is. */
const TEXT_MAPS = new Set(['annotations', 'labels', 'matchLabels', 'nodeSelector'])

/** The step that an entry stands for: under the entry's name, with the undo as its work where it is one, and all expressions worked out. */
export function resolveStep(board: Board, entry: Entry): Evaluated<Step> {
  const { status, step } = entry
  const work = status.kind === 'Undo' ? step.undo : step.work
  if (work === null) throw new TypeError(`step ${step.name} has no undo`)
  const evaluation = mayHoldExpression(work) || step.templates.length > 0 ? workEvaluation(board, entry) : null
  if (evaluation?.kind === 'Failed') return evaluation
  const resolved = evaluation === null ? { kind: 'Value' as const, value: work } : resolveWork(work, evaluation.value)
  if (resolved.kind === 'Failed') return resolved
  return { kind: 'Value', value: { ...step, name: status.name, work: resolved.value, results: status.kind === 'Undo' ? {} : step.results } }
}

/** Most work holds none: then nothing has to be known of the run. */
function mayHoldExpression(part: unknown): boolean {
  if (typeof part === 'string') return holdsExpression(part)
  return typeof part === 'object' && part !== null && Object.values(part).some(mayHoldExpression)
}

/** What expressions of a step's work may use; within a template that is the template's own params. */
function workEvaluation(board: Board, entry: Entry): Evaluated<Evaluation> {
  const own = expansionOf(board, entry)
  if (own.kind === 'Failed') return own
  const { place, values } = own.value
  const outer = evaluationAt(board, place)
  let evaluation: Evaluation = { ...outer, values: { ...outer.values, ...values } }
  for (const call of entry.step.templates) {
    const params = templateParams(call, evaluation)
    if (params.kind === 'Failed') return params
    const scope = scopeAt(place, { ...(board.facts ?? factsOf(board.definition)), params: call.params })
    evaluation = { ...evaluation, scope, values: { ...evaluation.values, params: params.value } }
  }
  return { kind: 'Value', value: evaluation }
}

function templateParams(call: TemplateCall, evaluation: Evaluation): Evaluated<Record<string, unknown>> {
  const wantsText: RenderOptions['wantsText'] = ([name = '', ...deeper]) => deeper.length > 0 || call.params[name]?.type === 'string'
  const given = renderJson(call.with, evaluation, { wantsText })
  if (given.kind === 'Failed') return { kind: 'Failed', message: `with.${given.message}` }
  const resolved = resolveParams(call.params, given.value as JsonObject)
  return resolved.kind === 'Valid' ? { kind: 'Value', value: resolved.values } : { kind: 'Failed', message: `with: ${resolved.problems.join('; ')}` }
}

/** Which expansion an entry is, and the values of `matrix` or `item` with their types. */
function expansionOf(board: Board, entry: Entry): Evaluated<{ place: ExpressionPlace; values: Record<string, unknown> }> {
  const { status, step } = entry
  const kind = status.kind === 'Undo' ? 'Undo' : 'Step'
  if (step.expansion === null) return { kind: 'Value', value: { place: { kind, step: step.name }, values: {} } }
  const all = expansionsOf(board, entry)
  if (all.kind === 'Failed') return all
  const value = all.value[Number(status.name.slice(step.name.length + 1))]
  if (value === undefined) return { kind: 'Failed', message: `there is no expansion ${status.name}` }
  const types = expansionTypes(step.expansion, conditionEvaluation(board, entry))
  return {
    kind: 'Value',
    value: { place: { kind, step: step.name, ...types }, values: value.kind === 'Matrix' ? { matrix: value.matrix } : { item: value.item } },
  }
}

function resolveWork(work: StepWork, evaluation: Evaluation): Evaluated<StepWork> {
  switch (work.kind) {
    case 'Join':
    case 'Approval':
      return { kind: 'Value', value: work }
    case 'Container': {
      const container = resolveContainer(work.container, evaluation)
      if (container.kind === 'Failed') return container
      const pod = resolvePod(work.pod, evaluation)
      if (pod.kind === 'Failed') return { kind: 'Failed', message: `pod.${pod.message}` }
      const job = renderJson(work.job, evaluation, { wantsText })
      if (job.kind === 'Failed') return { kind: 'Failed', message: `job.${job.message}` }
      return { kind: 'Value', value: { ...work, container: container.value, pod: pod.value, job: job.value as JsonObject } }
    }
    case 'Manifest': {
      const env = renderJson(work.env as unknown as Json, evaluation, { escape: escapeReferences })
      if (env.kind === 'Failed') return { kind: 'Failed', message: `env.${env.message}` }
      const manifest = resolveManifest(work.manifest, evaluation)
      if (manifest.kind === 'Failed') return { kind: 'Failed', message: `${work.path}: ${manifest.message}` }
      return { kind: 'Value', value: { ...work, manifest: manifest.value, env: env.value as unknown as typeof work.env } }
    }
  }
}

function resolveManifest(manifest: JsonObject, evaluation: Evaluation): Evaluated<JsonObject> {
  const { spec, ...rest } = manifest
  const { template, ...job } = (spec ?? {}) as JsonObject
  const { spec: podSpec, ...templateRest } = (template ?? {}) as JsonObject
  const pod = resolvePod((podSpec ?? {}) as JsonObject, evaluation)
  const others = renderJson({ job, template: templateRest }, evaluation, { wantsText })
  if (pod.kind === 'Failed') return pod
  if (others.kind === 'Failed') return others
  const rendered = others.value as { job: JsonObject; template: JsonObject }
  return { kind: 'Value', value: { ...rest, spec: { ...rendered.job, template: { ...rendered.template, spec: pod.value } } } }
}

function resolvePod(pod: JsonObject, evaluation: Evaluation): Evaluated<JsonObject> {
  const { containers, initContainers, ...rest } = pod
  const lists: JsonObject = {}
  for (const [field, list] of Object.entries({ containers, initContainers })) {
    if (!Array.isArray(list)) continue
    const rendered: Json[] = []
    for (const [index, container] of list.entries()) {
      const result = resolveContainer(container as Container, evaluation)
      if (result.kind === 'Failed') return { kind: 'Failed', message: `${field}.${index}.${result.message}` }
      rendered.push(result.value as unknown as Json)
    }
    lists[field] = rendered
  }
  const others = renderJson(rest, evaluation, { wantsText })
  return others.kind === 'Failed' ? others : { kind: 'Value', value: { ...(others.value as JsonObject), ...lists } }
}

function resolveContainer(container: Container, evaluation: Evaluation): Evaluated<Container> {
  const fields = Object.entries(container) as [string, Json][]
  const pick = (wanted: boolean): JsonObject => Object.fromEntries(fields.filter(([field]) => EXPANDED_FIELDS.includes(field) === wanted))
  const expanded = renderJson(pick(true), evaluation, { escape: escapeReferences })
  if (expanded.kind === 'Failed') return expanded
  const others = renderJson(pick(false), evaluation, { wantsText })
  if (others.kind === 'Failed') return others
  return { kind: 'Value', value: { ...(others.value as Container), ...(expanded.value as Container) } }
}

function wantsText(path: readonly (string | number)[]): boolean {
  return path.some((part) => TEXT_MAPS.has(String(part)))
}
