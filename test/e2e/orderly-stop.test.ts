import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { type FuseeProcess, runFusee, startFusee } from '../support/fusee-process.ts'
import { importCommits, runGit } from '../support/git-program.ts'
import { type ServedRepository, serveRepository } from '../support/git-served.ts'

vi.setConfig({ testTimeout: 600_000 })

let served: ServedRepository
let fusee: FuseeProcess
let serve: () => FuseeProcess

/** A controller whose records wait for an hour, with a run that has ended. */
beforeEach(async () => {
  served = await serveRepository()
  const spec = { url: served.url, interval: '1s', history: { interval: '1h' } }
  const document = { apiVersion: 'fusee.dev/v1alpha1', kind: 'Repository', metadata: { name: 'jobs' }, spec }
  const at = (name: string): string => path.join(served.folder, name)
  await writeFile(at('repository.json'), JSON.stringify(document))
  const workflow = `apiVersion: fusee.dev/v1alpha1
kind: Workflow
metadata: {name: quick}
spec:
  triggers: {push: {}}
  steps: [{name: one, image: busybox, script: "true"}]
`
  await importCommits(served.repository, [{ 'workflows/quick.yaml': workflow }])
  serve = () => startFusee(['serve', '--output', 'json', '--repository', at('repository.json'), '--data', at('state'), '--listen', '127.0.0.1:0'])
  fusee = serve()
  await fusee.waitForLine('a first look', ({ msg }) => msg === 'definitions in force')
  await importCommits(served.repository, [{ 'notes.txt': 'one' }])
  await fusee.waitForLine('the end of the run', ({ msg }) => msg === 'run finished')
})
afterEach(async () => {
  fusee.kill('SIGKILL')
  await fusee.ended
  await served.close()
})

const records = async (): Promise<string[]> => {
  const names = await runGit(served.repository, ['ls-tree', '-r', '--name-only', 'fusee/status']).catch(() => '')
  return names.split('\n').filter((name) => /\/\d\d\/quick-[^/]*\.json$/.test(name))
}

it.each(['SIGTERM', 'SIGINT'] as const)('%s: what waits for the interval of the history is written before the end', async (signal) => {
  expect(await records()).toEqual([])
  fusee.kill(signal)
  expect(await fusee.ended).toEqual({ code: 0, signal: null })
  expect(await records()).toHaveLength(1)
  expect(await runFusee(['history', 'verify', '--repo', served.repository])).toMatchObject({ code: 0 })
})

it('ends in time when git never answers, and writes it at the end of its next life', async () => {
  served.server.faults.silent = true
  expect(await fusee.stop()).toEqual({ code: 0, signal: null })
  delete served.server.faults.silent
  expect(await records()).toEqual([])
  fusee = serve()
  await fusee.waitForLine('a first look', ({ msg }) => msg === 'definitions in force')
  expect(await fusee.stop()).toEqual({ code: 0, signal: null })
  expect(await records()).toHaveLength(1)
})
