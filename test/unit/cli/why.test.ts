import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Server } from '../../../src/server/listen.ts'
import { serveWorld } from '../../support/api-server.ts'
import { runCli } from '../../support/run-cli.ts'
import type { VirtualWorld } from '../../support/virtual-world.ts'
import { createVirtualWorld, workflowFile } from '../../support/virtual-world.ts'

let world: VirtualWorld
let server: Server

beforeAll(async () => {
  world = await createVirtualWorld({ files: workflowFile('beat', 'triggers: {schedule: [{cron: "0 * * * *", catchUp: None}]}') })
  await world.pass(3_600_000)
  await world.outage(2 * 3_600_000 + 300_000)
  await world.pass(1000)
  server = await serveWorld(world)
})
afterAll(() => server.close())

const why = (...words: string[]) => runCli(['why', ...words, '--url', server.url])

describe('fusee why', () => {
  it('tells of a schedule what it starts, what became of its ticks, and what comes', async () => {
    const { code, stdout } = await why('beat')
    expect(code).toBe(0)
    expect(stdout.replaceAll(/beat-\w{10}|\b[0-9a-f]{10}\b/g, 'X').split('\n')).toEqual([
      'The schedule beat starts beat at "0 * * * *" in Etc/UTC; it is written in workflows/beat.yaml.',
      'Its runs are pinned to X, the newest commit at which beat was valid.',
      'Its ticks are judged up to 2026-11-20T03:00:00Z.',
      'The tick 2026-11-20T01:00:00Z has the run X, which ended Succeeded.',
      '2 ticks from 2026-11-20T02:00:00Z to 2026-11-20T03:00:00Z are Missed: passed while nothing ran, and catchUp is None.',
      'The next ticks are 2026-11-20T04:00:00Z, 2026-11-20T05:00:00Z, 2026-11-20T06:00:00Z, 2026-11-20T07:00:00Z, 2026-11-20T08:00:00Z.',
      'After an outage what passed is Missed.',
      '',
    ])
  })

  it('tells of a run why it exists and how it ended', async () => {
    const [run] = await world.runs()
    const { stdout } = await why(run?.metadata.name ?? '')
    expect(stdout.replaceAll(/beat-\w{10}|\b[0-9a-f]{10}\b/g, 'X').replaceAll(/:\d\d(\.\d{3})?Z/g, 'Z')).toBe(
      [
        'The run X of beat was created at 2026-11-20T01:00Z: the schedule beat ticked at 2026-11-20T01:00Z.',
        'It runs beat as it stands at commit X.',
        'It ended Succeeded at 2026-11-20T01:00Z.',
        'Its record is on the status branch since 2026-11-20T01:00Z.',
        '',
      ].join('\n'),
    )
  })

  it('tells of a run that has not begun what is in the way', async () => {
    const [like] = await world.runs()
    const ref = { namespace: 'default', name: 'jobs' }
    const cursors = await world.cluster.runs.readCursors(ref)
    if (like === undefined || cursors === null) throw new Error('nothing has run')
    const full = { type: 'HistoryFull', status: 'True', reason: 'TooManyWaiting', message: 'many wait', lastTransitionTime: '' } as const
    await world.cluster.runs.writeCursors(ref, { ...cursors, conditions: [...cursors.conditions, full] })
    const { object } = await world.cluster.runs.createRun({
      apiVersion: like.apiVersion,
      kind: 'Run',
      metadata: { name: 'a-by-hand', namespace: 'default' },
      spec: { ...like.spec, trigger: { kind: 'Manual', key: 'k', by: 'ada' } },
    })
    const { stdout } = await why('a-by-hand')
    await world.cluster.runs.deleteRun(object)
    expect(stdout).toContain('It has not begun: its definition has not been read yet.\nNothing starts now: many wait.\n')
  })

  it('tells of a run that was swept what its record knows', async () => {
    await world.pass(60_000)
    const [run] = await world.runs()
    if (run === undefined) throw new Error('there is no run')
    await world.cluster.runs.deleteRun(run)
    const { stdout } = await why(run.metadata.name)
    expect(stdout.replaceAll(/beat-\w{10}|\b[0-9a-f]{10}\b/g, 'X').replaceAll(/:\d\d(\.\d{3})?Z/g, 'Z')).toBe(
      [
        'The run X of beat was created at 2026-11-20T01:00Z: the schedule beat ticked at 2026-11-20T01:00Z.',
        'It ran beat as it stands at commit X.',
        'It ended Succeeded at 2026-11-20T01:00Z.',
        'Its Run has been swept; its record is on the status branch: fusee history --run X.',
        '',
      ].join('\n'),
    )
  })

  it('still tells what became of ticks after a restart: the status branch knows', async () => {
    await world.pass(60_000)
    await world.outage(1000)
    await world.pass(1000)
    const restarted = await serveWorld(world)
    const { stdout } = await runCli(['why', 'beat', '--url', restarted.url])
    await restarted.close()
    expect(stdout).toContain('2 ticks from 2026-11-20T02:00:00Z to 2026-11-20T03:00:00Z are Missed: passed while nothing ran')
  })

  it('tells of a pause first, as JSON too', async () => {
    await runCli(['pause', '--reason', 'move', '--url', server.url], {})
    const { stdout } = await why('beat', '--output', 'json')
    expect((JSON.parse(stdout) as { lines: string[] }).lines[2]).toMatch(/^Nothing starts now: default\/jobs is paused by .*: move\.$/)
    await runCli(['resume', '--url', server.url])
  })

  it('says when there is neither', async () => {
    expect(await why('baet')).toMatchObject({
      code: 2,
      stderr:
        'fusee: there is no run "default/baet", and no record of one: fusee runs, fusee history; default/jobs has no valid schedule "baet", did you mean "beat"?\n',
    })
  })
})
