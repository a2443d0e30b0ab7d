import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findBubblewrap } from '../../../../src/cluster/local/bubblewrap.ts'
import type { JsonObject } from '../../../../src/definitions/container.ts'
import type { Job } from '../../../../src/runs/objects.ts'
import type { OpenRunner } from '../../../support/local-cluster.ts'
import { eventually, makeFolder, openRunner } from '../../../support/local-cluster.ts'
import { aShellJob, observeJob, podEnds, untilEnded } from '../../../support/local-jobs.ts'

const BUBBLEWRAP = findBubblewrap(process.env['PATH'])
const NO_BUBBLEWRAP = 'SKIPPED, because bubblewrap is not installed here, or may not mount (apt-get install bubblewrap)'

describe('a program that is there but may not mount', () => {
  it('is no bubblewrap', async () => {
    const home = await makeFolder()
    writeFileSync(join(home.path, 'bwrap'), '#!/bin/sh\nexit 1\n')
    chmodSync(join(home.path, 'bwrap'), 0o755)
    expect(findBubblewrap(home.path)).toBeNull()
    expect(findBubblewrap(join(home.path, 'nothing'))).toBeNull()
    await home.remove()
  })
})

describe.skipIf(BUBBLEWRAP === null)(`mounts at their real paths${BUBBLEWRAP === null ? `: ${NO_BUBBLEWRAP}` : ''}`, () => {
  let home: Awaited<ReturnType<typeof makeFolder>>
  let runner: OpenRunner

  beforeEach(async () => {
    home = await makeFolder()
    mkdirSync(join(home.path, 'secrets/db'), { recursive: true })
    writeFileSync(join(home.path, 'secrets/db/password'), 'hunter2-hunter2\n')
    mkdirSync(join(home.path, 'there'))
    writeFileSync(join(home.path, 'there/beside'), 'beside\n')
    runner = await openRunner(join(home.path, 'data'), { secretsFolder: join(home.path, 'secrets') })
  })

  afterEach(async () => {
    await runner.close()
    await home.remove()
  })

  const VOLUMES = [
    { name: 'e', emptyDir: {} },
    { name: 's', secret: { secretName: 'db' } },
  ]

  async function run(script: string, mounts: JsonObject[], more: object = {}): Promise<{ ends: string[]; log: string }> {
    const job: Job = aShellJob(script, { container: { volumeMounts: mounts, ...more }, pod: { volumes: VOLUMES } })
    await runner.jobs.createJob(job)
    await untilEnded(runner.jobs)
    const seen = await observeJob(runner.jobs)
    return { ends: podEnds(seen), log: await runner.jobs.readLogTail(seen.job, 10_000) }
  }

  it.each([
    { where: 'below the root', path: '/fusee-new/data', left: '/fusee-new' },
    { where: 'below a folder that is there', path: '/etc/fusee-new', left: '/etc/fusee-new' },
  ])('are there $where, with all else, and leave nothing behind', async ({ path, left }) => {
    const script = `echo x >${path}/x; cat ${path}/x; ls /etc/passwd; echo y >${home.path}/y; pwd`
    expect(await run(script, [{ name: 'e', mountPath: path }], { workingDir: path })).toEqual({
      ends: ['Succeeded 0'],
      log: `x\n/etc/passwd\n${path}\n`,
    })
    expect(existsSync(left)).toBe(false)
    expect(readFileSync(join(home.path, 'y'), 'utf8')).toBe('y\n')
  })

  it('hide what is at a path that is there, for this container alone', async () => {
    expect(await run(`ls ${home.path}/there; echo x >${home.path}/there/x`, [{ name: 'e', mountPath: `${home.path}/there` }])).toEqual({
      ends: ['Succeeded 0'],
      log: '',
    })
    expect(existsSync(join(home.path, 'there/x'))).toBe(false)
    expect(readFileSync(join(home.path, 'there/beside'), 'utf8')).toBe('beside\n')
  })

  it('one in another, one file of a Secret, and one that may only be read', async () => {
    const mounts = [
      { name: 's', mountPath: '/fusee-new/in/password', subPath: 'password' },
      { name: 'e', mountPath: '/fusee-new' },
      { name: 'e', mountPath: '/etc/fusee-new', readOnly: true },
    ]
    const script = 'wc -c </fusee-new/in/password; echo x >/fusee-new/x; cat /etc/fusee-new/x; (echo y >/etc/fusee-new/y) 2>/dev/null || echo refused'
    expect(await run(script, mounts)).toEqual({ ends: ['Succeeded 0'], log: '16\nx\nrefused\n' })
  })

  it.each([
    ['though it does not say so', {}],
    ['as it says', { readOnly: true }],
  ])('of a Secret may only be read, %s', async (_how, more) => {
    const script = `(echo spoilt >/fusee-new/password) 2>&1 | grep -o 'Read-only.*'; (: >/fusee-new/x) 2>/dev/null || echo refused; cat /fusee-new/password`
    expect(await run(script, [{ name: 's', mountPath: '/fusee-new', ...more }])).toEqual({
      ends: ['Succeeded 0'],
      log: 'Read-only file system\nrefused\n***\n',
    })
    expect(readFileSync(join(home.path, 'secrets/db/password'), 'utf8')).toBe('hunter2-hunter2\n')
  })

  it('end with their Job, whole', async () => {
    const job = aShellJob(`setsid sh -c 'echo $$ >>${home.path}/pids; exec sleep 1000' & echo $$ >>${home.path}/pids; wait`, {
      container: { volumeMounts: [{ name: 'e', mountPath: '/fusee-new' }] },
      pod: { volumes: VOLUMES },
    })
    const { object } = await runner.jobs.createJob(job)
    const pids = await eventually('both run', () => {
      const lines = existsSync(join(home.path, 'pids')) ? readFileSync(join(home.path, 'pids'), 'utf8').trim().split('\n') : []
      return lines.length === 2 ? lines : null
    })
    await runner.jobs.stopJob(object)
    await eventually('nothing of it runs', () => pids.every((pid) => !existsSync(`/proc/${pid}`)))
  })

  it('are refused where they would hide the data folder', async () => {
    await runner.jobs.createJob(aShellJob('true', { container: { volumeMounts: [{ name: 'e', mountPath: home.path }] }, pod: { volumes: VOLUMES } }))
    await untilEnded(runner.jobs)
    expect((await observeJob(runner.jobs)).pods[0]?.status).toMatchObject({
      reason: 'FailedMount',
      message: `container step mounts a volume at ${home.path}, where the data folder is: put that elsewhere (--data)`,
    })
  })
})
