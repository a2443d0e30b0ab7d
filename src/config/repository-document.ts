import { parseDuration } from '../definitions/duration.ts'
import type { WrittenPolicy } from '../definitions/policy/policy.ts'
import type { Problem } from '../definitions/problem.ts'
import { validatorOf } from '../definitions/schema/compiled-schemas.ts'
import { schemaFindings, type SchemaFinding } from '../definitions/schema/schema-findings.ts'
import { parseDocuments } from '../definitions/source/parse-documents.ts'
import { childOf, entryOf, type SourceDocument } from '../definitions/source/source-node.ts'
import type { WrittenRepository } from './written-repository.ts'

/** A Repository document as meant; what it leaves out is undefined. */
export interface RepositoryDocument {
  metadata: { name: string; namespace?: string | undefined }
  spec: {
    url: string
    branch: string | undefined
    path: string | undefined
    intervalSeconds: number | undefined
    secretRef: { name: string } | undefined
    webhookSecretRef: { name: string } | undefined
    history: {
      url: string | undefined
      branch: string | undefined
      intervalSeconds: number | undefined
      secretRef: { name: string } | undefined
      review: { into: string; everySeconds: number } | undefined
      signingKey: { secretRef: { name: string } } | undefined
    }
    vars: Record<string, string>
    policy: WrittenPolicy
    maxParallelSteps: number | undefined
    suspend: boolean | undefined
  }
}

/** Fields that the contract has and this version does not act on: a policy that nobody enforces would be worse than none. */
const NOT_SUPPORTED_YET = ['verify', 'forge', 'artifacts', 'pools', 'notifications', 'pullRequests']

const DAY_SECONDS = 86_400

/** Something that is wrong with a Repository document; `field` is where, as in `spec.history.url`, '' for the whole. */
export interface RepositoryProblem extends Problem {
  field: string
}

/** A document that cannot be used; the message names every problem with its line and column. */
export class RepositoryDocumentError extends TypeError {
  override name = 'RepositoryDocumentError'
  readonly problems: readonly RepositoryProblem[]

  constructor(file: string, problems: readonly RepositoryProblem[]) {
    super(`${file} is no Repository that can be used: ${problems.map(({ line, column, message }) => `${line}:${column}: ${message}`).join('; ')}`)
    this.problems = problems
  }
}

/** Reads a Repository document. Throws RepositoryDocumentError. */
export function parseRepositoryDocument(text: string, file: string): RepositoryDocument {
  const { documents, problems } = parseDocuments(text)
  const [document, second] = documents
  const found = problems.map((problem): RepositoryProblem => ({ ...problem, field: '' }))
  if (second)
    found.push(
      problemOf(second, {
        at: second.root.start,
        rule: 'invalid-value',
        path: '',
        message: 'the file holds one Repository and nothing else; split it',
      }),
    )
  if (document) found.push(...checkRepository(document))
  else if (found.length === 0)
    found.push({ line: 1, column: 1, severity: 'error', rule: 'missing-field', message: 'the file is empty; write a Repository', field: '' })
  if (!document || found.length > 0) throw new RepositoryDocumentError(file, found)
  // The schema has nothing against it, which is what the written type says.
  return meant(document.root.json as unknown as WrittenRepository)
}

function checkRepository(document: SourceDocument): RepositoryProblem[] {
  const validate = validatorOf('Repository')
  const errors = validate(document.root.json) ? [] : (validate.errors ?? [])
  const { findings, damaged } = schemaFindings(document.root, errors)
  const isWhole = !damaged.has(document.root)
  return [...findings.map(withoutLaterFields), ...(isWhole ? checkPauses(document) : [])].map((finding) => problemOf(document, finding))
}

type Found = Omit<SchemaFinding, 'rule'> & { rule: string }

/** A field of a later version is no slip of the pen. */
function withoutLaterFields(finding: SchemaFinding): Found {
  const field = finding.path.split('/').at(-1) ?? ''
  if (finding.rule !== 'unknown-field' || !NOT_SUPPORTED_YET.includes(field)) return finding
  return { ...finding, rule: 'not-supported-yet', message: `"${field}" is not supported by this version yet: remove it` }
}

/** Pauses that would be none. */
function checkPauses({ root }: SourceDocument): Found[] {
  const pauses = [
    { fields: ['interval'], why: 'the repository would be asked without a pause; write 1s or more' },
    { fields: ['history', 'review', 'every'], why: 'write how long a review takes in new records, as in 1d' },
  ]
  return pauses.flatMap(({ fields, why }) => {
    const field = fields.at(-1) ?? ''
    const node = entryOf(childOf(root, 'spec', ...fields.slice(0, -1)), field)?.value
    if (node?.kind !== 'Scalar' || parseDuration(String(node.json)) !== 0) return []
    return [{ at: node.start, rule: 'invalid-value', path: `/spec/${fields.join('/')}`, message: `"${field}" is 0: ${why}` }]
  })
}

function problemOf({ positionAt }: SourceDocument, { at, rule, message, path }: Found): RepositoryProblem {
  return { ...positionAt(at), severity: 'error', rule, message, field: path.slice(1).replaceAll('/', '.') }
}

function meant({ metadata, spec }: WrittenRepository): RepositoryDocument {
  const seconds = (text: string | undefined): number | undefined => (text === undefined ? undefined : (parseDuration(text) ?? undefined))
  const review = spec.history?.review
  return {
    metadata: { name: metadata.name, namespace: metadata.namespace },
    spec: {
      url: spec.url,
      branch: spec.ref?.branch,
      path: spec.path,
      intervalSeconds: seconds(spec.interval),
      secretRef: spec.secretRef,
      webhookSecretRef: spec.webhookSecretRef,
      history: {
        url: spec.history?.url,
        branch: spec.history?.branch,
        intervalSeconds: seconds(spec.history?.interval),
        secretRef: spec.history?.secretRef,
        review: review === undefined ? undefined : { into: review.into, everySeconds: seconds(review.every) ?? DAY_SECONDS },
        signingKey: spec.history?.signingKey,
      },
      vars: spec.vars ?? {},
      policy: spec.policy ?? {},
      maxParallelSteps: spec.policy?.maxParallelSteps,
      suspend: spec.suspend,
    },
  }
}
