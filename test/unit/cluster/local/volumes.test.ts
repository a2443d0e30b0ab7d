import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ProvideSource } from '../../../../src/cluster/local/pod-folders.ts'
import type { Job } from '../../../../src/runs/objects.ts'
import type { OpenRunner } from '../../../support/local-cluster.ts'
import { eventually, makeFolder, openRunner } from '../../../support/local-cluster.ts'
import { aShellJob, endOf, observeJob, observeUntil, podEnds, untilEnded } from '../../../support/local-jobs.ts'

describe('the volumes of a pod', () => {
  let home: Awaited<ReturnType<typeof makeFolder>>
  let runner: OpenRunner | null

  beforeEach(async () => {
    home = await makeFolder()
    runner = null
    mkdirSync(join(home.path, 'secrets/db'), { recursive: true })
    writeFileSync(join(home.path, 'secrets/db/password'), 'hunter2\n')
  })

  afterEach(async () => {
    await runner?.close()
    await home.remove()
  })

  const start = async (provideSource?: ProvideSource): Promise<OpenRunner> => {
    const source = provideSource === undefined ? {} : { provideSource }
    return (runner = await openRunner(join(home.path, 'data'), { secretsFolder: join(home.path, 'secrets'), ...source }))
  }

  const tail = async ({ jobs }: OpenRunner): Promise<string> => jobs.readLogTail((await observeJob(jobs)).job, 10_000)

  const mounting = (script: string, volume: object): Job =>
    aShellJob(script, {
      container: { env: [{ name: 'FUSEE_V', value: '/v' }], volumeMounts: [{ name: 'v', mountPath: '/v' }] },
      pod: { volumes: [{ name: 'v', ...volume }] },
    })

  const wantingSource = (script: string): Job => {
    const job = aShellJob(script, {
      container: {
        workingDir: '/fusee/source',
        env: [{ name: 'FUSEE_SOURCE', value: '/fusee/source' }],
        volumeMounts: [{ name: 'source', mountPath: '/fusee/source' }],
      },
      pod: { volumes: [{ name: 'source', emptyDir: {} }] },
    })
    job.spec.template.metadata = { annotations: { 'fusee.dev/source': 'true' } }
    return job
  }

  it('are shared by its containers, and new for every pod', async () => {
    const { jobs } = await start()
    const write = { name: 'write', command: ['/bin/sh', '-c', 'test ! -e $FUSEE_V/x && echo made >$FUSEE_V/x'] }
    const job = mounting('cat "$FUSEE_V/x"; exit 1', { emptyDir: {} })
    const { env, volumeMounts } = job.spec.template.spec.containers[0] ?? {}
    job.spec.template.spec.initContainers = [
      { ...write, ...(env === undefined ? {} : { env }), ...(volumeMounts === undefined ? {} : { volumeMounts }) },
    ]
    job.spec.backoffLimit = 1
    await jobs.createJob(job)
    const seen = await untilEnded(jobs)
    expect(podEnds(seen)).toEqual(['Failed 1', 'Failed 1'])
    expect(await jobs.readLogTail(seen.job, 1000)).toBe('made\n')
  })

  it.each([
    ['over it', 'chmod u+w "$FUSEE_V/password"; echo spoilt >"$FUSEE_V/password"'],
    ['in its place', 'rm -f "$FUSEE_V/password"; echo spoilt >"$FUSEE_V/password"'],
    ['beside it', 'echo spoilt >"$FUSEE_V/other"'],
  ])('hold files of a secret that no step can change for others, by writing %s', async (_how, script) => {
    const opened = await start()
    await opened.jobs.createJob(mounting(`cat "$FUSEE_V/password"; ${script}`, { secret: { secretName: 'db' } }))
    expect(endOf(await untilEnded(opened.jobs))).toBe('Complete')
    expect(await tail(opened)).toBe('***\n')
    expect(readFileSync(join(home.path, 'secrets/db/password'), 'utf8')).toBe('hunter2\n')
    expect(existsSync(join(home.path, 'secrets/db/other'))).toBe(false)
    const later = mounting('cat "$FUSEE_V"/*', { secret: { secretName: 'db' } })
    await opened.jobs.createJob({ ...later, metadata: { ...later.metadata, name: 'later' } })
    await untilEnded(opened.jobs, 'later')
    expect(await opened.jobs.readLogTail((await observeJob(opened.jobs, 'later')).job, 1000)).toBe('***\n')
    const volumes = ['nightly-load', 'later'].map((job) => join(home.path, `data/jobs/default/${job}/pods/0/volumes`))
    await eventually('no copy is left', () => !volumes.some((folder) => existsSync(folder)))
  })

  it('hold files with the modes that are wanted, but for writing', async () => {
    const opened = await start()
    writeFileSync(join(home.path, 'secrets/db/tool'), '#!/bin/sh\nexit 7\n')
    const items = [
      { key: 'tool', path: 'bin/tool', mode: 0o755 },
      { key: 'password', path: 'password' },
    ]
    await opened.jobs.createJob(
      mounting('"$FUSEE_V/bin/tool" || echo $?; stat -c %a "$FUSEE_V/bin/tool" "$FUSEE_V/password"', {
        secret: { secretName: 'db', items, defaultMode: 0o640 },
      }),
    )
    expect(endOf(await untilEnded(opened.jobs))).toBe('Complete')
    expect(await tail(opened)).toBe('7\n555\n440\n')
  })

  it('hold the chosen keys under the chosen names', async () => {
    const opened = await start()
    await opened.jobs.createJob(
      mounting('cd "$FUSEE_V"; find . -type f', { secret: { secretName: 'db', items: [{ key: 'password', path: 'a/b' }] } }),
    )
    expect(endOf(await untilEnded(opened.jobs))).toBe('Complete')
    expect(await tail(opened)).toBe('./a/b\n')
  })

  it.each([
    [{ secret: { secretName: 'none' } }, 'none'],
    [{ configMap: { name: 'db', items: [{ key: 'none', path: 'x' }] } }, 'db/none'],
  ])('fail the pod when a secret is missing: %j', async (volume, wantMissing) => {
    const { jobs } = await start()
    await jobs.createJob(mounting('true', volume))
    const [pod] = (await untilEnded(jobs)).pods
    expect(pod?.status).toMatchObject({ phase: 'Failed', reason: 'FailedMount' })
    expect(pod?.status.message).toContain(`${wantMissing} is not found below ${home.path}/secrets`)
    expect(pod?.status.containerStatuses?.[0]?.state?.waiting?.reason).toBe('FailedMount')
  })

  it('may be empty when an optional secret is missing', async () => {
    const opened = await start()
    await opened.jobs.createJob(mounting('ls -A "$FUSEE_V"', { secret: { secretName: 'none', optional: true } }))
    expect(endOf(await untilEnded(opened.jobs))).toBe('Complete')
    expect(await tail(opened)).toBe('')
  })

  it('never let a secret’s value into the data folder', async () => {
    const opened = await start()
    const env = [{ name: 'P', valueFrom: { secretKeyRef: { name: 'db', key: 'password' } } }]
    const script = `until [ -e ${home.path}/go ]; do sleep 0.02; done; test "$P" = "$(cat ${home.path}/secrets/db/password)"`
    await opened.jobs.createJob(aShellJob(script, { container: { env } }))
    await observeUntil(opened.jobs, 'the pod runs', ({ pods }) => pods[0]?.status.phase === 'Running')
    const search = spawnSync('grep', ['-r', 'hunter2', join(home.path, 'data/jobs')], { encoding: 'utf8' })
    expect({ status: search.status, found: search.stdout }).toEqual({ status: 1, found: '' })
    writeFileSync(join(home.path, 'go'), '')
    expect(endOf(await untilEnded(opened.jobs))).toBe('Complete')
  })

  it('hold the files of the run before the container starts, which starts among them', async () => {
    const wanted: string[] = []
    const opened = await start(async (job, folder) => {
      wanted.push(job.metadata.name)
      await Promise.resolve()
      writeFileSync(join(folder, 'README'), 'hello\n')
    })
    await opened.jobs.createJob(wantingSource('cat README; test "$FUSEE_SOURCE" = "$(pwd)"'))
    expect(endOf(await untilEnded(opened.jobs))).toBe('Complete')
    expect(await tail(opened)).toBe('hello\n')
    expect(wanted).toEqual(['nightly-load'])
  })

  it('fail the pod when those cannot be had, and are tried again with the next', async () => {
    let tries = 0
    const { jobs } = await start(async () => {
      if (++tries === 1) throw new Error('commit not found')
    })
    const job = wantingSource('true')
    job.spec.backoffLimit = 1
    await jobs.createJob(job)
    const seen = await untilEnded(jobs)
    expect(seen.pods.map(({ status }) => status.reason ?? status.phase)).toEqual(['SourceUnavailable', 'Succeeded'])
    expect(seen.pods[0]?.status.message).toContain('commit not found')
  })

  it('fail the pod when there is nothing to take the files from', async () => {
    const { jobs } = await start()
    await jobs.createJob(wantingSource('true'))
    expect((await untilEnded(jobs)).pods[0]?.status.reason).toBe('SourceUnavailable')
  })

  it('are not filled for a Job that is stopped meanwhile', async () => {
    let go: () => void = () => undefined
    const filling = new Promise<void>((resolve) => (go = resolve))
    let isFilling = false
    const { jobs } = await start(async () => {
      isFilling = true
      await filling
    })
    const { object } = await jobs.createJob(wantingSource(`: >${home.path}/ran`))
    await eventually('the volume is being filled', () => isFilling)
    await jobs.stopJob(object)
    go()
    await jobs.releaseJob(object)
    await eventually('the Job is gone', async () => (await jobs.observeJobs({ namespace: 'default', name: 'nightly' })).length === 0)
    expect(existsSync(join(home.path, 'ran'))).toBe(false)
    expect(readFileSync(join(home.path, 'secrets/db/password'), 'utf8')).toBe('hunter2\n')
  })
})
