import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Server } from '../../../src/server/listen.ts'
import { serveWorld } from '../../support/api-server.ts'
import { runCli } from '../../support/run-cli.ts'
import type { VirtualWorld } from '../../support/virtual-world.ts'
import { createVirtualWorld } from '../../support/virtual-world.ts'

const workflow = (name: string, spec: string): string => `apiVersion: fusee.dev/v1alpha1\nkind: Workflow\nmetadata: {name: ${name}}\nspec:\n${spec}`

const job = (annotations: string): string => `apiVersion: batch/v1
kind: Job
metadata: {name: any}
spec:
  backoffLimit: 0
  template:
    metadata: {annotations: {${annotations}}}
    spec: {restartPolicy: Never, containers: [{name: main, image: "busybox:1", command: ["true"]}]}
`

const FILES = {
  'jobs/measure.yaml': job(`simulated.fusee.dev/exit-codes: "3", simulated.fusee.dev/log: "first\\nboom\\n"`),
  'jobs/long.yaml': job(`simulated.fusee.dev/run-seconds: "900", simulated.fusee.dev/log: "still here\\n"`),
  'workflows/chain.yaml': workflow(
    'chain',
    `  steps:
    - {name: load, image: "busybox:1", script: "true"}
    - {name: measure, manifest: jobs/measure.yaml, dependsOn: [load]}
    - {name: publish, image: "busybox:1", script: "true", dependsOn: [measure]}
`,
  ),
  'workflows/long.yaml': workflow(
    'long',
    '  steps: [{name: wait, manifest: jobs/long.yaml}, {name: other, manifest: jobs/long.yaml, dependsOn: [wait]}]\n',
  ),
  'workflows/gate.yaml': workflow(
    'gate',
    '  steps: [{name: ask, approval: {by: [ann]}}, {name: go, image: "busybox:1", script: "true", dependsOn: [ask]}]\n',
  ),
}

let world: VirtualWorld
let server: Server

beforeAll(async () => {
  world = await createVirtualWorld({ files: FILES })
  server = await serveWorld(world)
})
afterAll(() => server.close())

const fusee = (...words: string[]) => runCli([...words, '--url', server.url])

async function start(name: string): Promise<string> {
  const { stdout } = await fusee('trigger', name, '--output', 'json')
  await world.pass(5000)
  return (JSON.parse(stdout) as { run: string }).run
}

async function statusOf(name: string) {
  return (await world.cluster.runs.getRun({ namespace: 'default', name }))?.status
}

describe('commands about runs', () => {
  it('list them, show what a step printed, and run what failed again with what succeeded taken over', async () => {
    const run = await start('chain')
    expect(await statusOf(run)).toMatchObject({ phase: 'Finished', result: 'Failed' })
    const { stdout: listed } = await fusee('runs', 'chain')
    expect(listed).toMatch(new RegExp(`${run} +chain +Failed +.* +measure exited with 3`))
    expect(JSON.parse((await fusee('runs', '--phase', 'Finished', '--output', 'json')).stdout)).toMatchObject({ runs: [{ run, result: 'Failed' }] })
    expect(await fusee('logs', run, 'measure', '--follow')).toEqual({ code: 0, stdout: 'first\nboom\n', stderr: '' })
    expect(await fusee('logs', run, 'measure', '--attempt', '1')).toEqual({ code: 0, stdout: 'first\nboom\n', stderr: '' })
    const { stdout } = await fusee('rerun', run, '--failed', '--reason', 'again', '--key', 'k')
    const again = /^run (\S+) created\n$/.exec(stdout)?.[1] ?? ''
    await world.pass(5000)
    const rerun = await world.cluster.runs.getRun({ namespace: 'default', name: again })
    expect(rerun?.spec).toMatchObject({ rerunOf: run, trigger: { kind: 'Rerun', reason: 'again' }, carriedOver: [{ name: 'load' }] })
    expect(rerun?.status?.steps).toMatchObject([
      { name: 'load', result: 'Succeeded', reason: 'CarriedOver', message: `succeeded in ${run}` },
      { name: 'measure', result: 'Failed' },
      { name: 'publish', result: 'Skipped' },
    ])
    expect((await fusee('rerun', run, '--failed', '--key', 'k')).stdout).toBe(`run ${again} was created by the same key before\n`)
    const { stdout: whole } = await fusee('rerun', run, '--output', 'json')
    await world.pass(5000)
    expect((await statusOf((JSON.parse(whole) as { run: string }).run))?.steps[0]).not.toHaveProperty('reason')
  })

  it('cancel a run, and one step of a run', async () => {
    const run = await start('long')
    expect((await fusee('logs', run, 'wait')).stdout).toBe('still here\n')
    expect(await fusee('cancel', run, 'wait', '--reason', 'stuck')).toEqual({ code: 0, stdout: `step wait of ${run} is told to end\n`, stderr: '' })
    await world.pass(60_000)
    expect(await statusOf(run)).toMatchObject({ steps: [{ result: 'Cancelled', reason: 'StepCancelled' }, { result: 'Skipped' }] })
    const other = await start('long')
    expect((await fusee('cancel', `default/${other}`)).code).toBe(0)
    await world.pass(60_000)
    expect(await statusOf(other)).toMatchObject({ result: 'Cancelled', reason: 'RunCancelled' })
  })

  it('approve what waits, for those who may', async () => {
    const run = await start('gate')
    expect(await statusOf(run)).toMatchObject({ phase: 'Running', steps: [{ kind: 'Approval', state: 'Running' }, { state: 'Waiting' }] })
    expect(await fusee('approve', run)).toMatchObject({ code: 1, stderr: expect.stringContaining('may not approve ask: that is for ann') as unknown })
    const headers = { 'content-type': 'application/json', 'fusee-user': 'ann' }
    const response = await fetch(`${server.url}/api/v1/runs/default/${run}/approve`, { method: 'POST', headers, body: '{"step": "ask"}' })
    expect(response.status).toBe(202)
    await world.pass(5000)
    expect(await statusOf(run)).toMatchObject({
      result: 'Succeeded',
      steps: [{ result: 'Succeeded', results: { approvedBy: 'ann' } }, { result: 'Succeeded' }],
    })
  })

  it.each([
    { words: ['cancel', 'nobody'], code: 2, wantStderr: 'there is no run "default/nobody"' },
    { words: ['logs', 'RUN'], code: 2, wantStderr: 'say which step of RUN: it has load, measure, publish' },
    { words: ['logs', 'RUN', 'lode'], code: 2, wantStderr: 'has no step "lode" with a log' },
    { words: ['logs', 'RUN', 'measure', '--attempt', '2'], code: 2, wantStderr: 'step measure has 1 attempt so far' },
    { words: ['logs', 'RUN', 'measure', '--attempt', 'x'], code: 2, wantStderr: 'attempt: "x" is no number from 1 on' },
    { words: ['cancel', 'RUN'], code: 1, wantStderr: 'run RUN has finished: it ended Failed' },
    { words: ['approve', 'RUN'], code: 1, wantStderr: 'run RUN has finished' },
  ])('$words is refused', async ({ words, code, wantStderr }) => {
    const run = await start('chain')
    const outcome = await fusee(...words.map((word) => word.replace('RUN', run)))
    expect(outcome).toMatchObject({ code, stdout: '' })
    expect(outcome.stderr).toContain(wantStderr.replaceAll('RUN', run))
  })

  it('refuse to cancel a step that is not there, or has ended, and to run again what has not finished or has not failed', async () => {
    const run = await start('long')
    expect((await fusee('cancel', run, 'nothing')).stderr).toContain('has no step "nothing"; it has wait, other')
    expect((await fusee('rerun', run)).stderr).toContain('has not finished: cancel it first')
    expect((await fusee('approve', run)).stderr).toContain('no step of it does')
    const gate = await start('gate')
    await fusee('cancel', gate)
    await world.pass(60_000)
    expect((await fusee('rerun', gate, '--failed')).code).toBe(0)
    await fusee('cancel', run)
  })
})
