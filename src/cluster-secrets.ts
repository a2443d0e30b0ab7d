import type { ApiClient } from './cluster/kubernetes/api-client.ts'
import { ApiError, isNotFound } from './cluster/kubernetes/api-error.ts'
import { objectPath } from './cluster/kubernetes/resources.ts'
import type { Secrets } from './read-credentials.ts'

/** The cluster does not let the controller read a Secret: for a person to mend, or because the API server has only just started. */
export class ForbiddenSecretError extends TypeError {
  override name = 'ForbiddenSecretError'
}

/** The Secrets of one namespace of a cluster, and which versions of them were read. */
export interface ClusterSecrets extends Secrets {
  /** Versions of all Secrets that were read since the last call, as one text: another one means that a value may have changed. */
  versions(): string
}

/** Reads each Secret when it is asked for: only `get` is needed, and nobody else's Secrets are ever listed. Throws ForbiddenSecretError. */
export function clusterSecrets(client: ApiClient, namespace: string): ClusterSecrets {
  const seen = new Map<string, string>()
  return {
    async read(secret) {
      try {
        const found = await client.request<{ metadata: { resourceVersion: string }; data?: Record<string, string> }>({
          path: objectPath('secrets', { namespace, name: secret }),
        })
        seen.set(secret, found.metadata.resourceVersion)
        const values = Object.entries(found.data ?? {}).map(
          ([key, value]) =>
            [
              key,
              Buffer.from(value, 'base64')
                .toString('utf8')
                .replace(/\r?\n$/, ''),
            ] as const,
        )
        return new Map(values)
      } catch (error) {
        if (error instanceof ApiError && error.status === 403) {
          throw new ForbiddenSecretError(`the controller may not read the Secret ${secret} of namespace ${namespace}: ${error.message}`, {
            cause: error,
          })
        }
        if (!isNotFound(error)) throw error
        seen.set(secret, '')
        return new Map()
      }
    },
    placeOf: (secret) => ({ missing: `in namespace ${namespace}`, put: `the Secret ${secret} of namespace ${namespace}` }),
    versions: () =>
      [...seen]
        .map(([name, version]) => `${name}=${version}`)
        .sort()
        .join(),
  }
}
