import { describe, expect, it } from 'vitest'
import type { ClusterEvent } from '../../../src/cluster/ports.ts'
import { createOwnWrites } from '../../../src/controller/own-writes.ts'
import type { StoredRun } from '../../../src/runs/run.ts'
import { aDefinition, aRun, aStep } from '../../support/builders.ts'

const ref = { namespace: 'default', name: 'nightly-2345678923' }
const heard = (version: string | null): ClusterEvent => ({ kind: 'Run', ref, version })

function written(version: string): StoredRun {
  const run = aRun(aDefinition([aStep('a')]))
  return { ...run, metadata: { ...run.metadata, ...ref, resourceVersion: version } }
}

function setUp() {
  const woken: string[] = []
  return { woken, own: createOwnWrites(({ name }) => woken.push(name)) }
}

describe('what this process has written', () => {
  it('is no news, whatever others write later is', async () => {
    const { own, woken } = setUp()
    await own.write(ref, () => Promise.resolve(written('7')))
    expect([heard('7'), heard('8'), heard(null), heard('7')].map((event) => own.isNews(event))).toEqual([false, true, true, false])
    expect(woken).toEqual([])
  })

  it('is no news when it is heard of before the write is answered', async () => {
    const { own, woken } = setUp()
    await own.write(ref, () => {
      expect(own.isNews(heard('7'))).toBe(false)
      return Promise.resolve(written('7'))
    })
    expect(woken).toEqual([])
  })

  it('wakes the run when somebody else has written it meanwhile, or when the write fails', async () => {
    const { own, woken } = setUp()
    await own.write(ref, () => {
      for (const version of ['7', '8']) own.isNews(heard(version))
      return Promise.resolve(written('7'))
    })
    expect(woken).toEqual([ref.name])
    const failing = own.write(ref, () => {
      own.isNews(heard('9'))
      return Promise.reject(new Error('no answer'))
    })
    await expect(failing).rejects.toThrow('no answer')
    expect(woken).toEqual([ref.name, ref.name])
  })

  it('is forgotten with the run; Jobs are always news', async () => {
    const { own } = setUp()
    await own.write(ref, () => Promise.resolve(written('7')))
    own.forget(ref)
    expect([own.isNews(heard('7')), own.isNews({ kind: 'Job', run: ref })]).toEqual([true, true])
  })
})
