import { describe, expect, it } from 'vitest'
import { rerun } from '../../../src/controller/rerun.ts'
import { startOnRequest } from '../../../src/controller/start-on-request.ts'
import type { Run, Trigger } from '../../../src/runs/run.ts'
import { createVirtualWorld } from '../../support/virtual-world.ts'

const head = (name: string): string => `apiVersion: fusee.dev/v1alpha1\nkind: Workflow\nmetadata: {name: ${name}}\nspec:\n`

const FILES = {
  'workflows/first.yaml': `${head('first')}  triggers: {push: {}}\n  steps: [{name: only, image: busybox, script: 'true'}]\n`,
  'workflows/typed.yaml': `${head('typed')}  params:
    site: {default: one, enum: [one, two]}
    count: {type: integer, default: 3}
    list: {type: array, default: [1, {a: null}]}
    nothing: {type: boolean}
  triggers:
    push: {}
    schedule: [{cron: "5 * * * *", params: {site: two, count: 5}}]
    webhook: [{name: nightly}]
    workflow: [{name: first, result: Succeeded}]
  steps: [{name: only, image: busybox, script: 'true'}]
`,
}

const DEFAULTS = { site: 'one', count: 3, list: [1, { a: null }] }
const GIVEN = { site: 'two', nothing: false }

describe('params with their types and defaults', () => {
  it('reach the containers of runs by every trigger', async () => {
    const world = await createVirtualWorld({ files: {}, settings: { intervalSeconds: 10 } })
    const commit = await world.git.pushCommit(FILES)
    await world.pass(30_000)
    const [state] = world.controller.repositories()
    if (state === undefined) throw new Error('nothing is followed')
    const triggers: Trigger[] = [
      { kind: 'Webhook', name: 'nightly', delivery: 'd' },
      { kind: 'Api', key: 'k', by: 'ann' },
      { kind: 'Manual', key: 'k', by: 'ann' },
    ]
    for (const trigger of triggers) {
      void startOnRequest(world.context, state, { workflow: 'typed', trigger, params: GIVEN }, world.controller.wake)
      await world.pass(5000)
    }
    const byHand: Run = {
      apiVersion: 'fusee.dev/v1alpha1',
      kind: 'Run',
      metadata: { name: 'by-hand', namespace: 'default' },
      spec: { repository: 'jobs', workflow: 'typed', commit, trigger: { kind: 'Manual', key: 'kubectl', by: 'bob' }, params: GIVEN, rerunOf: null },
    }
    await world.cluster.runs.createRun(byHand)
    await world.pass(400_000)
    const api = (await world.runs()).find(({ spec }) => spec.trigger.kind === 'Api')
    if (api === undefined) throw new Error('there is no run by the API')
    void rerun(world.context, state, api, { trigger: { kind: 'Rerun', key: 'k', by: 'ann' }, failedOnly: false }, world.controller.wake)
    await world.pass(5000)
    const seen: Record<string, unknown> = {}
    for (const { metadata, spec } of await world.runs()) {
      if (spec.workflow !== 'typed') continue
      const [observed] = await world.cluster.jobs.observeJobs(metadata)
      const env = new Map(observed?.job.spec.template.spec.containers[0]?.env?.map(({ name, value = '' }) => [name, value]))
      const key = metadata.name === 'by-hand' ? 'kubectl' : spec.trigger.kind
      seen[key] = [JSON.parse(env.get('FUSEE_PARAMS') ?? ''), env.get('FUSEE_PARAM_COUNT'), env.get('FUSEE_PARAM_LIST')]
    }
    const want = (params: object, count = '3'): unknown => [expect.objectContaining({ ...DEFAULTS, ...params }), count, '[1,{"a":null}]']
    expect(seen).toEqual({
      Push: want({}),
      Schedule: want({ site: 'two', count: 5 }, '5'),
      Workflow: want({}),
      Webhook: want(GIVEN),
      Api: want(GIVEN),
      Manual: want(GIVEN),
      Rerun: want(GIVEN),
      kubectl: want(GIVEN),
    })
  })
})
