import { Ajv2020 } from 'ajv/dist/2020.js'
import type { ErrorObject } from 'ajv'
import { LineCounter, parseDocument } from 'yaml'
import schema from '../../schemas/repository.schema.json' with { type: 'json' }
import { parseDuration } from '../definitions/duration.ts'
import type { WrittenPolicy } from '../definitions/policy/policy.ts'
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

/** Reads a Repository document. Throws TypeError that names the file, the line and every problem. */
export function parseRepositoryDocument(text: string, file: string): RepositoryDocument {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true })
  const syntax = document.errors[0]
  if (syntax !== undefined) throw new TypeError(`${file}:${lines.linePos(syntax.pos[0]).line}: ${syntax.message}`)
  const value: unknown = document.toJS({ maxAliasCount: 50 })
  const validate = new Ajv2020({ allErrors: true, validateSchema: false, code: { optimize: false } }).compile<WrittenRepository>(schema)
  if (!validate(value)) {
    const problems = (validate.errors ?? []).map((error) => describe(error))
    throw new TypeError(`${file} is no Repository: ${[...new Set(problems)].join('; ')}`)
  }
  return meant(value, file)
}

function meant(written: WrittenRepository, file: string): RepositoryDocument {
  const { metadata, spec } = written
  const seconds = (field: string, text: string | undefined): number | undefined => {
    const parsed = text === undefined ? undefined : parseDuration(text)
    if (parsed === null) throw new TypeError(`${file}: spec.${field} is no duration: write it as in 90s, 2h or 1d`)
    return parsed
  }
  const intervalSeconds = seconds('interval', spec.interval)
  if (intervalSeconds === 0) throw new TypeError(`${file}: spec.interval is 0: the repository would be asked without a pause; write 1s or more`)
  const review = spec.history?.review
  const everySeconds = seconds('history.review.every', review?.every)
  if (everySeconds === 0) throw new TypeError(`${file}: spec.history.review.every is 0: write how long a review takes in new records, as in 1d`)
  return {
    metadata: { name: metadata.name, namespace: metadata.namespace },
    spec: {
      url: spec.url,
      branch: spec.ref?.branch,
      path: spec.path,
      intervalSeconds,
      secretRef: spec.secretRef,
      webhookSecretRef: spec.webhookSecretRef,
      history: {
        url: spec.history?.url,
        branch: spec.history?.branch,
        intervalSeconds: seconds('history.interval', spec.history?.interval),
        secretRef: spec.history?.secretRef,
        review: review === undefined ? undefined : { into: review.into, everySeconds: everySeconds ?? DAY_SECONDS },
        signingKey: spec.history?.signingKey,
      },
      vars: spec.vars ?? {},
      policy: spec.policy ?? {},
      maxParallelSteps: spec.policy?.maxParallelSteps,
      suspend: spec.suspend,
    },
  }
}

function describe(error: ErrorObject): string {
  const place = error.instancePath === '' ? 'the document' : error.instancePath.slice(1).replaceAll('/', '.')
  if (error.keyword === 'enum') return `${place} must be one of ${(error.params['allowedValues'] as string[]).join(', ')}`
  if (error.keyword !== 'additionalProperties')
    return `${place} ${error.message ?? 'is wrong'}${error.keyword === 'const' ? ` ${JSON.stringify(error.params['allowedValue'])}` : ''}`
  const field = String(error.params['additionalProperty'])
  return `${place}.${field} ${NOT_SUPPORTED_YET.includes(field) ? 'is not supported by this version yet: remove it' : 'is not a known field'}`
}
