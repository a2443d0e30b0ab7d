import { describe, expect, it } from 'vitest'
import { createJobMasks } from '../../../src/cluster/job-masks.ts'
import type { Pod, StoredJob } from '../../../src/runs/objects.ts'
import { plainText } from '../../../src/runs/plain-text.ts'
import { resultsOf } from '../../../src/runs/results.ts'

const VALUE = 'correct horse battery'
const meta = { name: 'a', namespace: 'data', uid: 'a-uid', resourceVersion: '1', creationTimestamp: '2026-11-20T00:00:00Z' }

function jobWith(containers: object[]): StoredJob {
  return { apiVersion: 'batch/v1', kind: 'Job', metadata: meta, spec: { template: { spec: { containers } } } } as StoredJob
}

const job = jobWith([{ name: 'step', envFrom: [{ secretRef: { name: 'db' } }] }])

function succeededWith(message: string): Pod {
  return { metadata: meta, status: { phase: 'Succeeded', containerStatuses: [{ name: 'step', state: { terminated: { exitCode: 0, message } } }] } }
}

async function resultsAfter(message: string, declared: Parameters<typeof resultsOf>[1]) {
  const masks = createJobMasks(async () => [VALUE])
  return resultsOf({ job, pods: await masks.maskPods(job, [succeededWith(message)]) }, declared)
}

describe('values of Secrets in what pods leave', () => {
  it('are masked in results', async () => {
    const want = { kind: 'Results', values: { url: 'db://u:***@h', tls: true } }
    expect(await resultsAfter(`url=db://u:${VALUE}@h\ntls=true\n`, { url: 'string', tls: 'boolean' })).toEqual(want)
  })

  it('do not make results that are too large fit', async () => {
    const rest = `a=${VALUE}\nb=`
    const text = rest + 'x'.repeat(4097 - rest.length)
    expect(await resultsAfter(text, { a: 'string', b: 'string' })).toMatchObject({ kind: 'Wrong', reason: 'ResultsTooLarge' })
  })

  it('are masked where a message was cut within one', async () => {
    const masks = createJobMasks(async () => [VALUE])
    const text = 'horse battery' + ' '.repeat(4083 - 7) + 'correct'
    const [pod] = await masks.maskPods(job, [succeededWith(text)])
    expect(pod?.status.containerStatuses?.[0]?.state?.terminated?.message?.trim().split(/ +/)).toEqual(['***', '***'])
  })

  it('are masked in why a pod or a container does not run', async () => {
    const masks = createJobMasks(async () => [VALUE])
    const waiting = { reason: 'CreateContainerError', message: `no program ${VALUE}` }
    const status = { phase: 'Pending' as const, message: `at ${VALUE}`, initContainerStatuses: [{ name: 'step', state: { waiting } }] }
    const [pod] = await masks.maskPods(job, [{ metadata: meta, status }])
    expect(JSON.stringify(pod)).not.toContain(VALUE)
    expect(pod?.status).toMatchObject({ message: 'at ***', initContainerStatuses: [{ state: { waiting: { message: 'no program ***' } } }] })
  })

  it('are masked where colour codes or other characters that no page shows stand within one', async () => {
    const masks = createJobMasks(async () => [VALUE])
    const coloured = `password=\u001b[01;31m\u001b[Kcorrect\u001b[m\u001b[K horse battery\n`
    expect(await masks.maskTail(job, `\u001b[32mok\u001b[m\n${coloured}`)).toBe('ok\npassword=***\n')
    expect(await masks.maskTail(job, 'correct ho\u200erse battery')).toBe('***')
    expect(await masks.maskTail(job, `\u001b[32mok\u001b[m ${VALUE}`)).toBe('\u001b[32mok\u001b[m ***')
    for (const length of [0, 3000]) {
      const [pod] = await masks.maskPods(job, [succeededWith(`${'x'.repeat(length)}\n${coloured}`)])
      expect(plainText(pod?.status.containerStatuses?.[0]?.state?.terminated?.message ?? '')).toBe(`${'x'.repeat(length)}\npassword=***\n`)
    }
  })

  it('are read once for a message, and not at all without one or without a Secret', async () => {
    let reads = 0
    const masks = createJobMasks(async () => [String(++reads)])
    const pods = [succeededWith('a=1'), { metadata: meta, status: { phase: 'Running' as const } }]
    await masks.maskPods(job, pods.slice(1))
    expect(await masks.maskPods(jobWith([{ name: 'step' }]), pods)).toBe(pods)
    expect(reads).toBe(0)
    for (let turn = 0; turn < 3; turn++) await masks.maskPods(job, pods)
    expect(reads).toBe(1)
  })

  it('that cannot be read let nothing be seen', async () => {
    const masks = createJobMasks(() => Promise.reject(new Error('the API server is away')))
    await expect(masks.maskPods(job, [succeededWith(VALUE)])).rejects.toThrow('away')
    await expect(masks.maskTail(job, VALUE)).rejects.toThrow('away')
    expect(await masks.maskTail(job, '')).toBe('')
  })
})
