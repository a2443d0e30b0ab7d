import type { ApiClient } from './api-client.ts'

/**
 * Why Jobs of Runs in one namespace may not be made in another; null when they may. Who writes a Repository decides over its own namespace only:
 * the other one has to have agreed, by letting the service accounts of the first create Jobs. So Fusee's rights, which are for all namespaces,
 * help nobody into a namespace that they could not run Jobs in themselves.
 */
export async function whyNotPlaced(client: ApiClient, from: string, to: string): Promise<string | null> {
  const group = `system:serviceaccounts:${from}`
  const review = await client.request<{ status?: { allowed?: boolean } }>({
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: { groups: [group], resourceAttributes: { namespace: to, verb: 'create', group: 'batch', resource: 'jobs' } },
    },
  })
  if (review.status?.allowed === true) return null
  return `it does not let the namespace ${from} make Jobs in it: bind a role with the right to create Jobs to the group ${group} there`
}
