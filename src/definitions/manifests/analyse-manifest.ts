import type { JsonObject } from '../container.ts'
import { excerpt } from '../excerpt.ts'
import { placeManifestAsks, type PlacedAsk } from '../policy/place-asks.ts'
import { viewJob } from '../kubernetes/job-view.ts'
import { checkByRule, KUBERNETES_RULES } from '../kubernetes/kubernetes-rules.ts'
import { compareProblems, MOST_FINDINGS, type Finding, type Problem } from '../problem.ts'
import type { ExpressionScope } from '../expressions/expression-type.ts'
import type { ExpressionLanguage } from '../expressions/language.ts'
import { checkSpot } from '../rules/expressions/check-spot.ts'
import { findManifestSpots, type Spots } from '../rules/expressions/spots.ts'
import { checkJobSchema } from '../schema/kubernetes-check.ts'
import { schemaFindings, VALUES_OF_MANIFESTS } from '../schema/schema-findings.ts'
import { checkRefused, REFUSED_JOB_FIELDS } from '../rules/refused-field.ts'
import { decodeText } from '../source/decode-text.ts'
import { parseDocuments } from '../source/parse-documents.ts'
import { childOf, entryOf, itemsOf, textOf, type SourceDocument, type SourceNode } from '../source/source-node.ts'

/** What a file that a step names as its manifest says, whatever its path. */
export interface ManifestAnalysis {
  /** The Job as written; null when there is none, or none that can be used. */
  job: JsonObject | null
  /** What is in the file, for messages: `a batch/v1 Job`, `a v1 ConfigMap`, `nothing`. */
  content: string
  problems: Problem[]
  /** What the Job's pod asks for. */
  asks: PlacedAsk[]
  /** What is wrong with its expressions for a step that sees this; null when it holds none. */
  checkExpressions: ((scope: ExpressionScope, language: ExpressionLanguage) => Problem[]) | null
}

const NO_JOB = { job: null, asks: [], checkExpressions: null } as const

const JOB_VERSION = 'batch/v1'

/** Reads a manifest and checks what Fusee needs to know of it. Never throws, whatever the bytes are. */
export function analyseManifest(bytes: Uint8Array): ManifestAnalysis {
  const decoded = decodeText(bytes)
  if (decoded.kind === 'Refused') {
    const problem: Problem = { line: 1, column: 1, severity: 'error', rule: decoded.rule, message: decoded.message }
    return { ...NO_JOB, content: 'no text', problems: [problem], asks: [] }
  }
  const { documents, problems, isUnreadable } = parseDocuments(decoded.text)
  const [first] = documents
  if (isUnreadable || !first) return { ...NO_JOB, content: 'nothing', problems, asks: [] }
  const job = documents.find(isJob)
  if (!job) return { ...NO_JOB, content: describeContent(first), problems, asks: [] }
  const spots = findManifestSpots(job)
  const found = [...problems, ...checkDocuments(documents), ...checkJob(job, spots)].sort(compareProblems).slice(0, MOST_FINDINGS)
  return {
    job: found.length === 0 ? (job.root.json as JsonObject) : null,
    content: describeContent(job),
    problems: found,
    asks: placeManifestAsks(job),
    checkExpressions:
      spots.allowed.length === 0
        ? null
        : (scope, language) =>
            spots.allowed
              .flatMap((spot) => checkSpot(job, spot, scope, language).findings)
              .map((finding) => problemOf(job, 'invalid-expression', finding)),
  }
}

function isJob({ root }: SourceDocument): boolean {
  return textOf(childOf(root, 'kind')) === 'Job' && textOf(childOf(root, 'apiVersion')) === JOB_VERSION
}

function describeContent({ root }: SourceDocument): string {
  const kind = textOf(childOf(root, 'kind'))
  const version = textOf(childOf(root, 'apiVersion'))
  return kind === null ? 'no Kubernetes object' : `a ${version === null ? '' : `${cut(version)} `}${cut(kind)}`
}

function cut(text: string): string {
  return excerpt(text).slice(1, -1)
}

function checkDocuments(documents: readonly SourceDocument[]): Problem[] {
  const [, second] = documents
  if (!second) return []
  return [
    problemOf(second, 'manifest-several-documents', { at: second.root.start, message: 'a manifest holds one Job and nothing else; split the file' }),
  ]
}

function checkJob(document: SourceDocument, spots: Spots): Problem[] {
  const spec = childOf(document.root, 'spec')
  const job = viewJob(spec)
  const schema = schemaFindings(document.root, checkJobSchema(document.root.json), VALUES_OF_MANIFESTS).findings
  const containers = checkContainers(document, spec).filter(({ at }) => !schema.some((finding) => finding.at === at))
  return [
    ...checkRefused(spec, 'spec', REFUSED_JOB_FIELDS).map((finding) => problemOf(document, 'refused-field', finding)),
    ...schema.map((finding) => problemOf(document, finding.rule, finding)),
    ...containers.map((finding) => problemOf(document, 'manifest-invalid', finding)),
    ...(job === null ? [] : KUBERNETES_RULES.flatMap((rule) => checkByRule(rule, job).map((finding) => problemOf(document, rule.id, finding)))),
    ...spots.refused.map((finding) => problemOf(document, 'misplaced-expression', finding)),
    ...spots.inShell.map((finding) => problemOf(document, 'expression-in-script', finding)),
  ]
}

function checkContainers(document: SourceDocument, spec: SourceNode | undefined): Finding[] {
  const containers = entryOf(childOf(spec, 'template', 'spec'), 'containers')
  if (!containers) {
    const at = entryOf(document.root, 'spec')?.key.start ?? document.root.start
    return [{ at, message: 'the Job needs spec.template.spec.containers' }]
  }
  const items = itemsOf(containers.value)
  if (items.length === 0) return [{ at: containers.key.start, message: '"containers" must be a list of at least one container' }]
  const all = [...items, ...itemsOf(childOf(spec, 'template', 'spec', 'initContainers'))]
  return all.flatMap((item) =>
    item.kind !== 'Map' || textOf(childOf(item, 'image')) ? [] : [{ at: item.start, message: 'the container needs an image' }],
  )
}

function problemOf(document: SourceDocument, rule: string, { at, message }: Finding): Problem {
  return { ...document.positionAt(at), severity: 'error', rule, message }
}
