import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
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
})
