import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { abandonPod, readPodFacts } from '../../../../src/cluster/local/pod-facts.ts'
import { writePodScript } from '../../../../src/cluster/local/pod-script.ts'
import { machineId, processSource } from '../../../../src/cluster/local/process-identity.ts'
import { makeFolder, readLines } from '../../../support/local-cluster.ts'

describe('the script of a pod', () => {
  let home: Awaited<ReturnType<typeof makeFolder>>
  let script: string

  beforeEach(async () => {
    home = await makeFolder()
    for (const name of ['state', 'logs']) mkdirSync(join(home.path, name))
    const argv = ['/bin/sh', '-c', `echo ran >>${home.path}/story; exit 3`]
    const container = { name: 'step', isInit: false, workingDir: home.path, env: [], argv, mounts: [] }
    const platform = { processSource: processSource(), setsid: null, machine: machineId(), bubblewrap: () => null }
    script = writePodScript([container], { ...platform, logLimitBytes: 1_000_000 })
  })

  afterEach(() => home.remove())

  async function run(text: string): Promise<void> {
    const child = spawn('/bin/sh', ['-s'], { cwd: home.path, detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
    child.stdin.on('error', () => undefined)
    child.stdin.end(text)
    await once(child, 'exit')
  }

  it('leaves who ran it, and how it ended', async () => {
    await run(script)
    const facts = readPodFacts(home.path)
    expect(facts.claim).toMatchObject({ kind: 'Process', identity: { machine: machineId() } })
    expect([...facts.ended.values()].map(({ exitCode }) => exitCode)).toEqual([3])
    expect(facts.doneAtMs).not.toBeNull()
    expect(readLines(join(home.path, 'story'))).toEqual(['ran'])
  })

  it('runs once, however often it is started', async () => {
    await Promise.all(Array.from({ length: 6 }, () => run(script)))
    expect(readLines(join(home.path, 'story'))).toEqual(['ran'])
  })

  it('runs nothing of a pod that is abandoned', async () => {
    abandonPod(home.path)
    await run(script)
    expect(readdirSync(join(home.path, 'state'))).toEqual(['claim'])
    expect(readPodFacts(home.path).claim).toEqual({ kind: 'Abandoned' })
    expect(readLines(join(home.path, 'story'))).toEqual([])
  })

  it('is not abandoned any more once it has claimed the pod', () => {
    symlinkSync('12|34|here', join(home.path, 'state/claim'))
    abandonPod(home.path)
    expect(readPodFacts(home.path).claim).toEqual({ kind: 'Process', identity: { pid: 12, start: '34', machine: 'here' } })
  })

  it('runs nothing when its writer dies before the end of it', async () => {
    const lines = script.split('\n')
    for (let count = 0; count < lines.length - 2; count += 3) await run(lines.slice(0, count).join('\n'))
    expect(readdirSync(join(home.path, 'state'))).toEqual([])
    expect(readLines(join(home.path, 'story'))).toEqual([])
  })

  it('runs no container of a pod that is told to stop', async () => {
    mkdirSync(join(home.path, 'state/stop'))
    await run(script)
    expect(readPodFacts(home.path).doneAtMs).not.toBeNull()
    expect(readLines(join(home.path, 'story'))).toEqual([])
  })
})
