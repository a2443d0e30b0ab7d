import type { Context } from '../context.ts'
import type { Controller } from '../controller/controller.ts'
import type { RepositoryState } from '../controller/repository.ts'
import type { StoredRun } from '../runs/run.ts'
import { ApiError } from './api-error.ts'

/** What operations work with. */
export interface Api {
  context: Context
  controller: Controller
}

/** The Repository of a request. Throws ApiError when it is not followed. */
export function repositoryOf(api: Api, { namespace, name }: Readonly<Record<string, string>>): RepositoryState {
  const key = `${namespace ?? ''}/${name ?? ''}`
  const state = api.controller.repositories().find((one) => one.key === key)
  if (state !== undefined) return state
  throw new ApiError('NotFound', `no repository ${JSON.stringify(key)} is followed here`)
}

/** The Run of a request. Throws ApiError when there is none. */
export async function runOf(api: Api, { namespace = '', name = '' }: Readonly<Record<string, string>>): Promise<StoredRun> {
  const run = await api.context.runs.getRun({ namespace, name })
  if (run !== null) return run
  throw new ApiError(
    'NotFound',
    `there is no run ${JSON.stringify(`${namespace}/${name}`)}; those that were swept are on the status branch: fusee history`,
  )
}
