import type { RepositoryObject } from './cluster/kubernetes/cursor-codec.ts'
import { isRemoteUrl } from './config/repository-name.ts'
import { parseRepositoryDocument, RepositoryDocumentError, type RepositoryDocument } from './config/repository-document.ts'
import { API_VERSION } from './runs/objects.ts'

/** The Repository as a document of a file would be: the same rules hold. Throws TypeError. */
export function documentOf({ metadata, spec }: RepositoryObject): RepositoryDocument {
  const { namespace, name } = metadata
  const document = { apiVersion: API_VERSION, kind: 'Repository', metadata: { namespace, name }, spec }
  const parsed = parseObject(JSON.stringify(document), `Repository ${namespace}/${name}`)
  for (const url of [parsed.spec.url, parsed.spec.history.url]) {
    if (url !== undefined && (!isRemoteUrl(url) || /^file:/i.test(url))) {
      throw new TypeError(`${url} is a folder of whatever machine the controller runs on: a Repository of a cluster needs an https or ssh URL`)
    }
  }
  return parsed
}

/** An object has no lines: fields are named instead. */
function parseObject(text: string, name: string): RepositoryDocument {
  try {
    return parseRepositoryDocument(text, name)
  } catch (error) {
    if (!(error instanceof RepositoryDocumentError)) throw error
    const problems = error.problems.map(({ field, message }) => `${field === '' ? '' : `${field}: `}${message}`)
    throw new TypeError(`${name} cannot be used: ${problems.join('; ')}`, { cause: error })
  }
}

/** Which object it is, and as of which change of its spec. */
export function versionOf({ metadata }: RepositoryObject): string {
  return `${metadata.uid}/${metadata.generation ?? 0}`
}

/** Names in all `secretRef`s and their like, at any depth. */
export function collectSecretNames(value: unknown, names: Set<string>): void {
  if (value === null || typeof value !== 'object') return
  for (const [field, inner] of Object.entries(value)) {
    const name = /secretRef$/i.test(field) ? (inner as { name?: unknown } | null)?.name : undefined
    if (typeof name === 'string') names.add(name)
    collectSecretNames(inner, names)
  }
}
