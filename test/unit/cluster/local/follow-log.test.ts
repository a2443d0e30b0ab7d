import { mkdir, writeFile } from 'node:fs/promises'
import { afterEach, describe, expect, it } from 'vitest'
import type { StoredJob } from '../../../../src/runs/objects.ts'
import { makeFolder, openRunner } from '../../../support/local-cluster.ts'

const cleanUps: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

async function createJob(script: string, spec: object = {}) {
  const folder = await makeFolder()
  const runner = await openRunner(folder.path)
  cleanUps.push(folder.remove, () => runner.close())
  const container = { name: 'step', command: ['/bin/sh', '-c', script] }
  const { object } = await runner.jobs.createJob({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'talker', namespace: 'default', labels: { 'fusee.dev/run': 'r' } },
    spec: { backoffLimit: 0, ...spec, template: { spec: { restartPolicy: 'Never', containers: [container] } } },
  })
  return { jobs: runner.jobs, job: object }
}

describe('a log that is followed', () => {
  it('is told while the step runs, and wholly when it has ended', async () => {
    const folder = await makeFolder()
    cleanUps.push(folder.remove)
    const gate = `${folder.path}/gate`
    const { jobs, job } = await createJob(`mkfifo ${gate}; echo first; read line <${gate}; echo "second ä"`)
    let heard = ''
    let opened = false
    await jobs.followLog(
      job,
      (text) => {
        heard += text
        if (opened || !heard.includes('first')) return
        opened = true
        void import('node:fs/promises').then((fs) => fs.writeFile(gate, 'go\n'))
      },
      new AbortController().signal,
    )
    expect({ opened, heard }).toEqual({ opened: true, heard: 'first\nsecond ä\n' })
  })

  it('shows no value of a Secret', async () => {
    const folder = await makeFolder()
    await mkdir(`${folder.path}/secrets/db`, { recursive: true })
    await writeFile(`${folder.path}/secrets/db/password`, 'correct horse\n')
    const runner = await openRunner(`${folder.path}/data`, { secretsFolder: `${folder.path}/secrets` })
    cleanUps.push(folder.remove, () => runner.close())
    const env = [{ name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'db', key: 'password' } } }]
    const container = { name: 'step', command: ['/bin/sh', '-c', 'echo "it is $PASSWORD"; printf "%s" "$PASSWORD"'], env }
    const { object } = await runner.jobs.createJob({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'talker', namespace: 'default', labels: { 'fusee.dev/run': 'r' } },
      spec: { backoffLimit: 0, template: { spec: { restartPolicy: 'Never', containers: [container] } } },
    })
    let heard = ''
    await runner.jobs.followLog(object, (text) => (heard += text), new AbortController().signal)
    expect(heard).toBe('it is ***\n***')
  })

  it('goes on with the next attempt', async () => {
    const folder = await makeFolder()
    cleanUps.push(folder.remove)
    const { jobs, job } = await createJob(`if [ -e ${folder.path}/tried ]; then echo again; else : > ${folder.path}/tried; echo once; exit 1; fi`, {
      backoffLimit: 1,
    })
    let heard = ''
    await jobs.followLog(job, (text) => (heard += text), new AbortController().signal)
    expect(heard).toBe('once\nagain\n')
  })

  it('ends with the signal, and at once for a Job that is not there', async () => {
    const { jobs, job } = await createJob('sleep 60')
    const stop = new AbortController()
    const followed = jobs.followLog(job, () => undefined, stop.signal)
    stop.abort()
    await followed
    const other: StoredJob = { ...job, metadata: { ...job.metadata, uid: 'another' } }
    await jobs.followLog(other, () => undefined, new AbortController().signal)
    await jobs.stopJob(job)
    await jobs.followLog(job, () => undefined, new AbortController().signal)
  })
})
