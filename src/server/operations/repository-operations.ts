import { initialCursors } from '../../controller/cursors.ts'
import { pause, resume } from '../../controller/pause.ts'
import type { RepositoryState } from '../../controller/repository.ts'
import type { Cursors } from '../../runs/run.ts'
import type { Api } from '../api.ts'
import { repositoryOf, requireLeader } from '../api.ts'
import type { JsonSchema, Operation } from '../operation.ts'
import { ok } from '../operation.ts'

const text: JsonSchema = { type: 'string' }
const nullableText: JsonSchema = { type: ['string', 'null'] }

const REPOSITORY: JsonSchema = {
  type: 'object',
  required: ['namespace', 'name', 'url', 'branch', 'commit', 'paused', 'conditions', 'workflows', 'schedules'],
  properties: {
    namespace: text,
    name: text,
    url: text,
    branch: text,
    commit: { ...nullableText, description: 'Tip that the last finished look has dealt with.' },
    paused: { type: ['object', 'null'], properties: { by: text, at: text, reason: text } },
    backfills: { type: 'array', items: { type: 'object' }, description: 'Those under way.' },
    conditions: { type: 'array', items: { type: 'object' } },
    workflows: { type: 'array', items: text },
    schedules: { type: 'array', items: text },
  },
}

/** Repositories: list, show, pause, resume, look. */
export function repositoryOperations(api: Api): Operation[] {
  const { context, controller } = api
  const show = async (state: RepositoryState): Promise<unknown> =>
    describe(state, (await context.runs.readCursors(state.followed.settings.ref)) ?? initialCursors)
  return [
    {
      id: 'listRepositories',
      method: 'get',
      path: '/repositories',
      summary: 'The Repositories that are followed.',
      access: { verb: 'list', resource: 'repositories' },
      answer: { type: 'object', required: ['repositories'], properties: { repositories: { type: 'array', items: REPOSITORY } } },
      handle: async () => {
        if (controller.repositories().length === 0) requireLeader(api)
        return ok({ repositories: await Promise.all(controller.repositories().map(show)) })
      },
    },
    {
      id: 'getRepository',
      method: 'get',
      path: '/repositories/{namespace}/{name}',
      summary: 'One Repository.',
      access: { verb: 'get', resource: 'repositories' },
      answer: REPOSITORY,
      handle: async ({ path }) => ok(await show(repositoryOf(api, path))),
    },
    {
      id: 'pauseRepository',
      method: 'post',
      path: '/repositories/{namespace}/{name}/pause',
      summary: 'Starts nothing new until resumed; runs under way go on.',
      access: { verb: 'update', resource: 'repositories' },
      body: { type: 'object', additionalProperties: false, properties: { reason: { type: 'string', maxLength: 500 } } },
      answer: REPOSITORY,
      handle: async ({ path, body, identity }) => {
        const state = repositoryOf(api, path)
        const { reason = '' } = body as { reason?: string }
        return ok(describe(state, await pause(context, state, { by: identity.name, reason })))
      },
    },
    {
      id: 'resumeRepository',
      method: 'post',
      path: '/repositories/{namespace}/{name}/resume',
      summary: 'Ends a pause; what was skipped meanwhile stays skipped.',
      access: { verb: 'update', resource: 'repositories' },
      body: { type: 'object', additionalProperties: false },
      answer: REPOSITORY,
      handle: async ({ path }) => {
        const state = repositoryOf(api, path)
        return ok(describe(state, await resume(context, state, controller.wake)))
      },
    },
    {
      id: 'lookAtRepository',
      method: 'post',
      path: '/repositories/{namespace}/{name}/look',
      summary: 'Looks at the branch at once instead of after its interval.',
      access: { verb: 'update', resource: 'repositories' },
      body: { type: 'object', additionalProperties: false },
      answer: { type: 'object' },
      handle: ({ path }) => {
        controller.askToLook(repositoryOf(api, path).followed.settings.ref)
        return Promise.resolve(ok({}, 202))
      },
    },
  ]
}

function describe({ followed, versions }: RepositoryState, cursors: Cursors): unknown {
  const { settings, source } = followed
  return {
    ...settings.ref,
    url: settings.url,
    branch: source.branch,
    commit: cursors.lastCommit,
    paused: cursors.paused ?? null,
    backfills: cursors.backfills ?? [],
    conditions: cursors.conditions,
    workflows: [...(versions?.workflows.keys() ?? [])],
    schedules: [...(versions?.schedules.keys() ?? [])],
  }
}
