import type { ObjectRef } from '../../runs/objects.ts'
import type { ApiClient } from './api-client.ts'
import { ApiError } from './api-error.ts'
import { objectPath } from './resources.ts'

/** All values of a Secret; one that is gone, or not ours to read, has none. */
export async function readSecretValues(client: ApiClient, ref: ObjectRef): Promise<string[]> {
  try {
    const secret = await client.request<{ data?: Record<string, string> }>({ path: objectPath('secrets', ref) })
    return Object.values(secret.data ?? {}).map((value) => Buffer.from(value, 'base64').toString())
  } catch (error) {
    if (error instanceof ApiError && (error.status === 404 || error.status === 403)) return []
    throw error
  }
}
