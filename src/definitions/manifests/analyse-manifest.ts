import type { JsonObject } from '../container.ts'
import { excerpt } from '../excerpt.ts'
import { placeManifestAsks, type PlacedAsk } from '../policy/place-asks.ts'
import { compareProblems, type Finding, type Problem } from '../problem.ts'
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
}

const JOB_VERSION = 'batch/v1'

/** Reads a manifest and checks what Fusee needs to know of it. Never throws, whatever the bytes are. */
export function analyseManifest(bytes: Uint8Array): ManifestAnalysis {
  const decoded = decodeText(bytes)
  if (decoded.kind === 'Refused') {
    const problem: Problem = { line: 1, column: 1, severity: 'error', rule: decoded.rule, message: decoded.message }
    return { job: null, content: 'no text', problems: [problem], asks: [] }
  }
  const { documents, problems, isUnreadable } = parseDocuments(decoded.text)
  const [first] = documents
  if (isUnreadable || !first) return { job: null, content: 'nothing', problems, asks: [] }
  const job = documents.find(isJob)
  if (!job) return { job: null, content: describeContent(first), problems, asks: [] }
  const found = [...problems, ...checkDocuments(documents), ...checkJob(job)].sort(compareProblems)
  return {
    job: found.length === 0 ? (job.root.json as JsonObject) : null,
    content: describeContent(job),
    problems: found,
    asks: placeManifestAsks(job),
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

function checkJob(document: SourceDocument): Problem[] {
  const spec = childOf(document.root, 'spec')
  return [
    ...checkRefused(spec, 'spec', REFUSED_JOB_FIELDS).map((finding) => problemOf(document, 'refused-field', finding)),
    ...checkContainers(document, spec).map((finding) => problemOf(document, 'manifest-invalid', finding)),
  ]
}

function checkContainers(document: SourceDocument, spec: SourceNode | undefined): Finding[] {
  const pod = childOf(spec, 'template', 'spec')
  const containers = entryOf(pod, 'containers')
  if (!containers) {
    const at = entryOf(document.root, 'spec')?.key.start ?? document.root.start
    return [{ at, message: 'the Job needs spec.template.spec.containers' }]
  }
  const items = itemsOf(containers.value)
  if (items.length === 0) return [{ at: containers.key.start, message: '"containers" must be a list of at least one container' }]
  return items.flatMap((item) => {
    if (item.kind !== 'Map') return [{ at: item.start, message: 'a container is a map of fields' }]
    return textOf(childOf(item, 'image')) ? [] : [{ at: item.start, message: 'the container needs an image' }]
  })
}

function problemOf(document: SourceDocument, rule: string, { at, message }: Finding): Problem {
  return { ...document.positionAt(at), severity: 'error', rule, message }
}
