import { excerpt } from './excerpt.ts'
import { didYouMean, nearestName } from './near-names.ts'
import type { Finding, Problem } from './problem.ts'
import { entryOf, textOf, type SourceDocument, type SourceEntry, type SourceMap } from './source/source-node.ts'
import type { DefinitionKind } from './schema/validators.ts'

/** Group and version of all documents of ours. */
const DEFINITION_VERSION = 'fusee.dev/v1alpha1'

const GROUP = 'fusee.dev'
const KINDS: readonly DefinitionKind[] = ['Workflow', 'Schedule', 'StepTemplate']
/** Kinds of ours that are no definitions. */
const OTHER_KINDS = ['Repository', 'Run', 'Record']

function listKinds(word: 'and' | 'or'): string {
  return `${KINDS.slice(0, -1).join(', ')} ${word} ${KINDS.at(-1) ?? ''}`
}

/** Whose document this is. `NearMiss`: it was probably meant to be one of ours. */
export type Identity =
  { kind: DefinitionKind } | { kind: 'Foreign' } | { kind: 'NearMiss'; rule: string; severity: Problem['severity']; finding: Finding }

/** Tells by apiVersion and kind, or by a top-level `steps`, whether a document is one of ours. */
export function identifyDocument({ root }: SourceDocument): Identity {
  if (root.kind !== 'Map') return { kind: 'Foreign' }
  const version = entryOf(root, 'apiVersion')
  const kind = entryOf(root, 'kind')
  if (!version && !kind) return identifyHeadless(root)
  if (textOf(version?.value) === DEFINITION_VERSION) return identifyKind(root, kind)
  return isMeantForUs(version, kind) ? wrongVersion(version, kind) : { kind: 'Foreign' }
}

function identifyKind(root: SourceMap, entry: SourceEntry | undefined): Identity {
  const name = textOf(entry?.value)
  const kind = KINDS.find((known) => known === name)
  if (kind) return { kind }
  if (!entry || name === null) return nearMiss('missing-field', entry?.value.start ?? root.start, `the document needs a kind: ${listKinds('or')}`)
  if (OTHER_KINDS.includes(name)) {
    return nearMiss(
      'unknown-kind',
      entry.value.start,
      `a ${name} is not read from definition files, only ${listKinds('and')} are; move it elsewhere`,
      'warning',
    )
  }
  return nearMiss('unknown-kind', entry.value.start, `there is no kind ${excerpt(name)}${didYouMean(name, KINDS) || `; write ${listKinds('or')}`}`)
}

/** Other systems have Workflows too, under groups of their own: only a version that looks like ours, or like none, is a slip. */
function isMeantForUs(version: SourceEntry | undefined, kind: SourceEntry | undefined): boolean {
  const text = textOf(version?.value)
  const group = text?.split('/', 1)[0] ?? ''
  if (group === GROUP || nearestName(group, [GROUP]) !== null || /^fusee\b/i.test(group)) return true
  const name = textOf(kind?.value)
  return name !== null && nearestName(name, KINDS) !== null && !group.includes('.')
}

function wrongVersion(version: SourceEntry | undefined, kind: SourceEntry | undefined): Identity {
  const at = version?.value.start ?? kind?.key.start ?? 0
  const found = version ? `apiVersion ${excerpt(version.value.json)} is not known` : 'the document has no apiVersion'
  return nearMiss('unknown-api-version', at, `${found}; write apiVersion: ${DEFINITION_VERSION}`)
}

function identifyHeadless(root: SourceMap): Identity {
  const steps = entryOf(root, 'steps') ?? entryOf(entryOf(root, 'spec')?.value, 'steps')
  if (steps?.value.kind !== 'List') return { kind: 'Foreign' }
  const message = `this looks like a workflow: add apiVersion: ${DEFINITION_VERSION}, kind: Workflow and metadata.name, and put the steps below "spec"`
  return nearMiss('missing-header', steps.key.start, message)
}

function nearMiss(rule: string, at: number, message: string, severity: Problem['severity'] = 'error'): Identity {
  return { kind: 'NearMiss', rule, severity, finding: { at, message } }
}
