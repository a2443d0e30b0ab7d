import type { Context } from '../context.ts'
import type { Controller } from '../controller/controller.ts'
import type { RepositoryState } from '../controller/repository.ts'
import type { RunRecord } from '../history/record.ts'
import { findRecord } from '../history/read.ts'
import type { StoredRun } from '../runs/run.ts'
import { ApiError } from './api-error.ts'

/** What operations work with. */
export interface Api {
  context: Context
  controller: Controller
}

/** The Repository of a request. Throws ApiError when it is not followed, or not known to be: by a controller that has just begun, or that stands by for another. */
export function repositoryOf(api: Api, { namespace, name }: Readonly<Record<string, string>>): RepositoryState {
  const key = `${namespace ?? ''}/${name ?? ''}`
  const state = api.controller.repositories().find((one) => one.key === key)
  if (state !== undefined) return state
  requireLeader(api)
  if (api.context.repositories.exists(key))
    throw new ApiError('Unavailable', `${key} is not followed yet, or cannot be: its conditions and the log say why; send it again in a few seconds`)
  throw new ApiError('NotFound', `no repository ${JSON.stringify(key)} is followed here`)
}

/** Throws ApiError while nobody can tell here which Repositories are followed. */
export function requireLeader({ context }: Api): void {
  if (context.repositories.isSettled()) return
  throw new ApiError('Unavailable', 'this controller has just begun, or stands by for another one: send it again in a few seconds')
}

/** A Run, or the record of one that was swept, with its Repository. */
export type RunOrRecord = { kind: 'Run'; state: RepositoryState; run: StoredRun } | { kind: 'Record'; state: RepositoryState; record: RunRecord }

/** The Run of a request, or its record. Throws ApiError when there is neither. */
export async function runOrRecordOf(api: Api, path: Readonly<Record<string, string>>): Promise<RunOrRecord> {
  const { namespace = '', name = '' } = path
  const run = await api.context.runs.getRun({ namespace, name })
  if (run !== null) return { kind: 'Run', run, state: repositoryOf(api, { namespace, name: run.spec.repository }) }
  for (const state of api.controller.repositories()) {
    // What was not read yet is not absent.
    if (state.followed.settings.ref.namespace !== namespace || !state.ownerRead) continue
    const record = await findRecord(state.followed.status, name)
    if (record !== null) return { kind: 'Record', state, record }
  }
  requireLeader(api)
  throw new ApiError('NotFound', `there is no run ${JSON.stringify(`${namespace}/${name}`)}, and no record of one: fusee runs, fusee history`)
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
