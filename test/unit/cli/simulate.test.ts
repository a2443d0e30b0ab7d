import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Simulation } from '../../../src/simulation/outcome.ts'
import { runCli } from '../../support/run-cli.ts'
import { workflowFile } from '../../support/virtual-world.ts'
import { removeFolder } from '../../support/remove-folder.ts'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'fusee-simulate-'))
  await mkdir(path.join(folder, 'workflows'))
  const files = {
    ...workflowFile('hourly', 'triggers: {schedule: [{cron: "0 * * * *"}]}'),
    ...workflowFile('after', 'triggers: {workflow: [{name: hourly, result: Failed}]}'),
    ...workflowFile('asleep', 'triggers: {schedule: [{cron: "30 2 * * *", suspend: {until: "2026-03-03", reason: the site moves}}]}'),
  }
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text ?? '')
})
afterAll(() => removeFolder(folder))

const simulate = (...words: string[]) => runCli(['simulate', folder, ...words])

async function simulated(...words: string[]): Promise<Simulation> {
  const { code, stdout, stderr } = await simulate('--output', 'json', ...words)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return JSON.parse(stdout) as Simulation
}

describe('fusee simulate', () => {
  it('shows every tick from the beginning up to the end, in order, and the runs that they start', async () => {
    const { ticks, runs } = await simulated('--from', '2026-03-01', '--to', '2026-03-02')
    expect(ticks.map(({ at, schedule, fate }) => `${at.slice(11, 16)} ${schedule} ${fate}`)).toEqual([
      ...['00', '01', '02'].map((hour) => `${hour}:00 hourly Fired`),
      '02:30 asleep Skipped',
      ...Array.from({ length: 21 }, (_, index) => `${String(index + 3).padStart(2, '0')}:00 hourly Fired`),
    ])
    expect(ticks.find(({ schedule }) => schedule === 'asleep')).toEqual({
      schedule: 'asleep',
      workflow: 'asleep',
      at: '2026-03-01T02:30:00Z',
      fate: 'Skipped',
      reason: 'the site moves',
      run: null,
    })
    expect(runs).toHaveLength(24)
    expect(runs[0]).toMatchObject({
      run: ticks[0]?.run,
      workflow: 'hourly',
      result: 'Succeeded',
      trigger: { kind: 'Schedule', tick: '2026-03-01T00:00:00Z' },
    })
  })

  it('carries out outages as they would be: the newest tick runs late, the others are missed', async () => {
    const { ticks } = await simulated('--from', '2026-03-05', '--to', '2026-03-06', '--down', '2026-03-05T05:30..2026-03-05T09:30')
    expect(
      ticks.filter(({ schedule, fate }) => schedule === 'hourly' && fate !== 'Fired').map(({ at, fate }) => `${at.slice(11, 16)} ${fate}`),
    ).toEqual(['06:00 Missed', '07:00 Missed', '08:00 Missed', '09:00 Late'])
  })

  it('fails the steps that it is told to, with all that follows', async () => {
    const { runs } = await simulated('--from', '2026-03-01', '--to', '2026-03-01T01:00:00Z', '--fail', 'hourly/only')
    expect(runs.map(({ workflow, result }) => [workflow, result])).toEqual([
      ['hourly', 'Failed'],
      ['after', 'Succeeded'],
    ])
  })

  it('tells the same story each time', async () => {
    const words = ['--from', '2026-03-01', '--to', '2026-03-02', '--down', '2026-03-01T03:00..2026-03-01T05:00']
    expect(await simulated(...words)).toEqual(await simulated(...words))
  })

  it('draws few days by the hour, and months by the day', async () => {
    const { stdout: hours } = await simulate('--from', '2026-03-01', '--to', '2026-03-03', '--view', 'calendar', '--fail', 'hourly/only')
    expect(hours.split('\n').slice(0, 3)).toEqual([
      '           00    03    06    09    12    15    18    21',
      '2026-03-01 ✗ ✗ ✗ ✗ ✗ ✗ ✗ ✗ ✗ ✗ ✗ ✗ ✗ ✗ ✗ ✗ ✗ ✗ ✗ ✗ ✗ ✗ ✗ ✗',
      '2026-03-02 ✗ ✗ ✗ ✗ ✗ ✗ ✗ ✗ ✗ ✗ ✗ ✗ ✗ ✗ ✗ ✗ ✗ ✗ ✗ ✗ ✗ ✗ ✗ ✗',
    ])
    const { stdout: days } = await simulate('--from', '2026-03-01', '--to', '2026-03-20', '--view', 'calendar', '--down', '2026-03-10..2026-03-11')
    expect(days.split('\n').slice(0, 6)).toEqual([
      '     March 2026',
      'Mo Tu We Th Fr Sa Su',
      '                   ○',
      ' ○  ■  ■  ■  ■  ■  ■',
      ' ■  !  ■  ■  ■  ■  ■',
      ' ■  ■  ■  ■',
    ])
  })

  it('lists ticks as a table, and only the odd ones when there are many', async () => {
    const { stdout } = await simulate('--from', '2026-03-01T00:00Z', '--to', '2026-03-01T01:00Z', '--view', 'table')
    expect(stdout).toMatch(
      /^TICK \(UTC\) +SCHEDULE +FATE +RUN +RESULT\n2026-03-01 00:00 +hourly +Fired +hourly-\w{10} +Succeeded\n1 ticks: 1 Fired; 1 runs: 1 Succeeded\n$/,
    )
    const { stdout: many } = await simulate('--from', '2026-03-01', '--to', '2026-03-11', '--view', 'table')
    expect(many).toContain('2 of 250 ticks: those that did not simply fire and succeed')
    expect(many).toMatch(/^2026-03-01 02:30 to 2026-03-02 02:30, 2 ticks +asleep +Skipped +the site moves$/m)
  })

  it.each([
    { words: ['--from', '2026-03-02', '--to', '2026-03-01'], wantStderr: '--from must lie before --to' },
    { words: ['--from', 'today', '--to', '2026-03-01'], wantStderr: '--from "today" is no time' },
    { words: ['--from', '2026-02-30', '--to', '2026-03-31'], wantStderr: '--from "2026-02-30" is no time' },
    { words: ['--from', '2026-03-01', '--to', '2026-03-02', '--down', '2026-03-01'], wantStderr: 'write it as FROM..TO' },
    { words: ['--from', '2026-03-01', '--to', '2026-03-02', '--down', '2026-03-02..2026-03-01'], wantStderr: 'ends before it begins' },
    { words: ['--from', '2026-03-01', '--to', '2026-03-02', '--fail', 'onyl'], wantStderr: '--fail "onyl": no workflow has such a step' },
  ])('is wrong use with $words', async ({ words, wantStderr }) => {
    expect(await simulate(...words)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(wantStderr) as unknown })
  })

  it('refuses definitions that are invalid, and says where', async () => {
    const broken = await mkdtemp(path.join(tmpdir(), 'fusee-simulate-'))
    await mkdir(path.join(broken, 'workflows'))
    await writeFile(
      path.join(broken, 'workflows', 'a.yaml'),
      'apiVersion: fusee.dev/v1alpha1\nkind: Workflow\nmetadata: {name: a}\nspec: {steps: []}\n',
    )
    const { code, stderr } = await runCli(['simulate', broken, '--from', '2026-03-01', '--to', '2026-03-02'])
    expect(code).toBe(2)
    expect(stderr).toMatch(/^fusee: workflows\/a.yaml:4:.*\nfusee: a definition is invalid: fusee validate shows why\n$/)
    await removeFolder(broken)
  })
})
