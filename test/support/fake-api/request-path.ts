import { RESOURCES, type Resource } from './resources.ts'

/** What a path of the API names. */
export interface Target {
  resource: Resource
  /** Null for all namespaces. */
  namespace: string | null
  /** Null for a list. */
  name: string | null
  subresource: string | null
}

const PATH = /^\/(?:api\/v1|apis\/([^/]+)\/([^/]+))(?:\/namespaces\/([^/]+)(?=\/[a-z]))?\/([a-z]+)(?:\/([^/]+))?(?:\/([a-z]+))?$/

/** What the path names; null when the server has nothing of the kind. */
export function parsePath(path: string): Target | null {
  const [, group = '', version = 'v1', namespace, plural, name, subresource] = PATH.exec(path) ?? []
  const resource = RESOURCES.find((one) => one.plural === plural && one.group === group && one.version === version)
  if (resource === undefined) return null
  return {
    resource,
    namespace: namespace === undefined ? null : decodeURIComponent(namespace),
    name: name === undefined ? null : decodeURIComponent(name),
    subresource: subresource ?? null,
  }
}
