import type { ObjectRef } from '../../runs/objects.ts'
import { API_VERSION } from '../../runs/objects.ts'

/** Kinds of objects that Fusee reads or writes. */
const COLLECTIONS = {
  runs: `/apis/${API_VERSION}`,
  repositories: `/apis/${API_VERSION}`,
  jobs: '/apis/batch/v1',
  pods: '/api/v1',
  secrets: '/api/v1',
  leases: '/apis/coordination.k8s.io/v1',
} as const

/** Plural name of a kind of objects. */
export type Resource = keyof typeof COLLECTIONS

/** Path of a collection, in one namespace or, with null, in all. */
export function collectionPath(resource: Resource, namespace: string | null): string {
  return `${COLLECTIONS[resource]}${namespace === null ? '' : `/namespaces/${namespace}`}/${resource}`
}

/** Path of one object. */
export function objectPath(resource: Resource, { namespace, name }: ObjectRef): string {
  return `${collectionPath(resource, namespace)}/${name}`
}

/** The options of a DELETE that only this very object answers to, and whose dependants do not stay. */
export function deleteOptions(uid: string, propagationPolicy: 'Background' | 'Foreground'): Record<string, unknown> {
  return { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy, preconditions: { uid } }
}
