import type { ObjectMeta, StoredMeta } from '../../../src/runs/objects.ts'

/** Any object of the API as raw JSON. */
export interface ApiObject {
  apiVersion?: string
  kind?: string
  metadata: ObjectMeta & { generation?: number; generateName?: string; deletionGracePeriodSeconds?: number }
  spec?: Record<string, unknown>
  status?: Record<string, unknown>
  [field: string]: unknown
}

/** An object as it is kept. */
export type StoredObject = ApiObject & { metadata: StoredMeta & ApiObject['metadata'] }

/** A kind of object that the server knows. */
export interface Resource {
  /** '' is the core group. */
  group: string
  version: string
  plural: string
  kind: string
  isNamespaced: boolean
  hasStatus: boolean
  /** What becomes of dependents when a deletion does not say. */
  propagation: Propagation
}

/** What becomes of dependents. */
export type Propagation = 'Background' | 'Foreground' | 'Orphan'

function resource(group: string, version: string, plural: string, kind: string, over: Partial<Resource> = {}): Resource {
  return { group, version, plural, kind, isNamespaced: true, hasStatus: false, propagation: 'Background', ...over }
}

export const PODS = resource('', 'v1', 'pods', 'Pod', { hasStatus: true })
/** The one resource that orphans its pods unless told otherwise. */
export const JOBS = resource('batch', 'v1', 'jobs', 'Job', { hasStatus: true, propagation: 'Orphan' })
export const RUNS = resource('fusee.dev', 'v1alpha1', 'runs', 'Run', { hasStatus: true })
export const REPOSITORIES = resource('fusee.dev', 'v1alpha1', 'repositories', 'Repository', { hasStatus: true })
export const SECRETS = resource('', 'v1', 'secrets', 'Secret')
export const NAMESPACES = resource('', 'v1', 'namespaces', 'Namespace', { isNamespaced: false })

/** All that the server has. */
export const RESOURCES: readonly Resource[] = [
  PODS,
  JOBS,
  RUNS,
  REPOSITORIES,
  NAMESPACES,
  SECRETS,
  resource('', 'v1', 'configmaps', 'ConfigMap'),
  resource('', 'v1', 'events', 'Event'),
  resource('apps', 'v1', 'deployments', 'Deployment', { hasStatus: true }),
  resource('rbac.authorization.k8s.io', 'v1', 'clusterrolebindings', 'ClusterRoleBinding', { isNamespaced: false }),
  resource('coordination.k8s.io', 'v1', 'leases', 'Lease'),
  resource('apiextensions.k8s.io', 'v1', 'customresourcedefinitions', 'CustomResourceDefinition', { isNamespaced: false, hasStatus: true }),
]

/** Names an object of the server. */
export interface Key {
  resource: Resource
  namespace: string
  name: string
}

/** Key of an object in maps. */
export function keyText({ resource, namespace, name }: Key): string {
  return `${resource.group}/${resource.plural}/${namespace}/${name}`
}

/** Group and version as objects carry them. */
export function apiVersionOf({ group, version }: Resource): string {
  return group === '' ? version : `${group}/${version}`
}
