import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ApiClient } from '../../src/cluster/kubernetes/api-client.ts'
import { createApiClient } from '../../src/cluster/kubernetes/api-client.ts'
import { connect } from '../../src/cluster/kubernetes/connection.ts'
import { createObjectCache } from '../../src/cluster/kubernetes/object-cache.ts'
import type { ApiObject } from '../../src/cluster/kubernetes/reflector.ts'
import { startReflector } from '../../src/cluster/kubernetes/reflector.ts'
import type { ClusterStory } from '../support/cluster-story.ts'
import { openClusterStory } from '../support/cluster-story.ts'
import { until } from '../support/fusee-process.ts'
import { kubectl } from '../support/kubectl.ts'

/* The API server is killed and comes again while steps run: what they come to is seen all the same, once. */

/** Shell text that kills the API server with SIGKILL and starts it again. */
const RESTART = process.env['FUSEE_TEST_RESTART_API']

describe.skipIf(RESTART === undefined)('an API server that is killed', () => {
  let story: ClusterStory
  beforeAll(async () => {
    story = await openClusterStory()
  })
  afterAll(() => story.close())

  const restart = () => promisify(execFile)('sh', ['-c', RESTART ?? ''])
  const jobsOf = (step: string) => kubectl(['get', 'jobs', '-n', story.namespace, '-l', `fusee.dev/step=${step}`, '-o', 'name'])

  it('loses no run and doubles none', { timeout: 300_000 }, async () => {
    const fusee = story.serve()
    await fusee.waitForLine('a look', ({ msg }) => msg === 'definitions in force')
    await story.push()
    await until('its steps run', async () => (await jobsOf('endless')) !== '')
    for (let times = 0; times < 2; times++) {
      await restart()
      story.listen()
      await story.push()
    }
    // One that could not renew its lease has ended itself; the next goes on.
    await until('the records', async () => !story.running.has(fusee) || (await story.isRecorded()))
    if (!story.running.has(fusee)) await story.forgetLeader()
    const last = story.running.has(fusee) ? fusee : story.serve()
    await story.settle(last)
    await last.stop()
    expect(await story.findViolations()).toEqual([])
  })

  it('has forgotten what came before: whoever follows it lists again', async () => {
    const connection = await connect(process.env)
    const client = createApiClient(connection)
    const places = ['1']
    const forgetful: ApiClient = {
      ...client,
      stream: (request) =>
        client.stream({ ...request, query: { ...request.query, resourceVersion: places.pop() ?? request.query?.['resourceVersion'] } }),
    }
    const path = `/api/v1/namespaces/${story.namespace}/configmaps`
    const problems: unknown[] = []
    const cache = createObjectCache<ApiObject>({ onChange: () => undefined })
    const reflector = startReflector<ApiObject>({ client: forgetful, path, mirror: cache, onError: (error) => problems.push(error) })
    await until('it has listed twice', () => reflector.counts.lists === 2)
    await kubectl(['create', 'configmap', 'after', '-n', story.namespace])
    await until('it follows again', () => [...cache.all()].some(({ metadata }) => metadata.name === 'after'))
    await reflector.stop()
    client.close()
    expect(problems.map(String).filter((text) => !/too old resource version/.test(text))).toEqual([])
  })
})
