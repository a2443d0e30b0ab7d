import { ApiFailure } from './api-failure.ts'

type Fields = Record<string, unknown>

/** The value changed by a patch of this content type. */
export function applyPatch(value: unknown, patch: unknown, contentType: string): unknown {
  switch (contentType) {
    case 'application/merge-patch+json':
      return mergePatch(value, patch)
    case 'application/json-patch+json':
      return jsonPatch(value, patch)
    default:
      throw new ApiFailure(415, 'UnsupportedMediaType', `the body of the request was in an unknown format: ${contentType}`)
  }
}

/** RFC 7396. */
function mergePatch(value: unknown, patch: unknown): unknown {
  if (!isFields(patch)) return patch
  const merged: Fields = isFields(value) ? { ...value } : {}
  for (const [field, change] of Object.entries(patch)) {
    if (change === null) delete merged[field]
    else merged[field] = mergePatch(merged[field], change)
  }
  return merged
}

interface Operation {
  op: 'add' | 'replace' | 'remove' | 'test'
  path: string
  value?: unknown
}

/** RFC 6902, as far as it is used here. */
function jsonPatch(value: unknown, operations: unknown): unknown {
  if (!Array.isArray(operations)) throw new ApiFailure(400, 'BadRequest', 'a JSON patch is a list of operations')
  const copy = structuredClone(value)
  for (const { op, path, value: given } of operations as Operation[]) {
    const parts = path
      .split('/')
      .slice(1)
      .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    const last = parts.pop() ?? ''
    const parent = parts.reduce<unknown>((one, part) => (one as Fields | undefined)?.[part], copy) as Fields | unknown[] | undefined
    if (parent === undefined || parent === null) throw invalid(path)
    const at = Array.isArray(parent) ? (last === '-' ? parent.length : Number(last)) : last
    const found: unknown = (parent as Record<string | number, unknown>)[at]
    if (op === 'test') {
      if (JSON.stringify(found) !== JSON.stringify(given)) throw invalid(path)
    } else if (op === 'remove') {
      if (found === undefined) throw invalid(path)
      if (Array.isArray(parent)) parent.splice(Number(at), 1)
      else Reflect.deleteProperty(parent, at)
    } else if (op === 'replace' && found === undefined) throw invalid(path)
    else if (Array.isArray(parent) && op === 'add') parent.splice(Number(at), 0, given)
    else (parent as Record<string | number, unknown>)[at] = given
  }
  return copy
}

function invalid(path: string): ApiFailure {
  return new ApiFailure(422, 'Invalid', `the server rejected our request due to an error in our request: ${path}`)
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
