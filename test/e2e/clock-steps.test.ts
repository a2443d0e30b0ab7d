import { describe, expect, it, vi } from 'vitest'
import { type ClockedFusee, createClockedFusee, tickOf } from '../support/clocked-fusee.ts'
import type { FuseeProcess } from '../support/fusee-process.ts'
import { runFusee, until } from '../support/fusee-process.ts'
import { runGit } from '../support/git-program.ts'

/* Real controllers whose clock is set to and fro while they run, which end at the very second of a tick, or are away for a day. */

vi.setConfig({ testTimeout: 600_000 })

const workflow = (name: string, schedule: string): Record<string, string> => ({
  [`workflows/${name}.yaml`]: `apiVersion: fusee.dev/v1alpha1
kind: Workflow
metadata: {name: ${name}}
spec:
  triggers: {schedule: [${schedule}]}
  steps: [{name: only, image: "busybox:1.36", script: "true"}]
`,
})

const runOf = (fusee: FuseeProcess, tick: string, name = 'beat') =>
  fusee.waitForLine(`a run of ${name} for ${tick}`, (line) => tickOf(line) === tick && line['workflow'] === name)

/** Waits until all runs that these processes have created are recorded. */
async function allRecorded(...lives: readonly FuseeProcess[]): Promise<void> {
  const named = (msg: string, field: string): unknown[] =>
    lives.flatMap(({ lines }) => lines.filter((line) => line.msg === msg).flatMap((line) => line[field] as string | string[]))
  await until('all records', () => {
    const recorded = new Set(named('records pushed', 'runs'))
    return named('run created', 'run').every((run) => recorded.has(run))
  })
}

interface Told {
  records: { workflow: string; trigger: { tick: string }; result: string }[]
  ticks?: { workflow: string; from: string; to: string; fate: string; reason: string | null; count: number }[]
}

async function history({ checkout }: ClockedFusee): Promise<Required<Told>> {
  const { stdout } = await runFusee(['history', '--repo', checkout, '--limit', '1000', '--output', 'json'])
  return { ticks: [], ...(JSON.parse(stdout) as Told) }
}

// Most of the time they wait: side by side.
describe.concurrent('ticks of a real controller', () => {
  it('have one fate each, whatever its clock is set to, and however it ends', async () => {
    const clocked = await createClockedFusee(workflow('beat', '{cron: "*/30 * * * *"}'))
    try {
      await clocked.setClock('2030-01-10T02:40:00Z')
      const first = await clocked.start()
      await clocked.setClock('2030-01-10T02:59:59Z')
      await runOf(first, '2030-01-10T03:00:00Z')
      first.kill('SIGKILL')
      await first.ended
      const second = await clocked.start()
      await second.waitForLine('its record', ({ msg }) => msg === 'records pushed')

      // Back by an hour: what has passed comes again and is nobody's any more.
      await clocked.setClock('2030-01-10T01:59:59Z')
      second.kill('SIGKILL')
      await second.ended
      const third = await clocked.start()
      // Forward by an hour and a half, while it runs.
      await clocked.setClock('2030-01-10T03:29:59Z')
      await runOf(third, '2030-01-10T03:30:00Z')
      // Forward over two ticks: the newer one runs late.
      await clocked.setClock('2030-01-10T04:35:00Z')
      await runOf(third, '2030-01-10T04:30:00Z')
      await allRecorded(third)
      await third.stop()

      const { records, ticks } = await history(clocked)
      expect(records.map(({ trigger, result }) => `${trigger.tick} ${result}`).sort()).toEqual([
        '2030-01-10T03:00:00Z Succeeded',
        '2030-01-10T03:30:00Z Succeeded',
        '2030-01-10T04:30:00Z Succeeded',
      ])
      expect(ticks.map(({ from, fate, count }) => [from, fate, count]).sort()).toEqual([
        ['2030-01-10T04:00:00Z', 'Missed', 1],
        ['2030-01-10T04:30:00Z', 'Late', 1],
      ])
    } finally {
      await clocked.close()
    }
  })

  it('have one fate each after a day of outage, under each catchUp and a deadline, and where a schedule is changed at its tick', async () => {
    const clocked = await createClockedFusee({
      ...workflow('latest', '{cron: "0 * * * *"}'),
      ...workflow('all', '{cron: "0 * * * *", catchUp: All}'),
      ...workflow('none', '{cron: "0 * * * *", catchUp: None}'),
      ...workflow('soon', '{cron: "0 * * * *", catchUp: All, startingDeadline: 2h}'),
    })
    try {
      await clocked.setClock('2030-01-10T02:40:00Z')
      const first = await clocked.start()
      await clocked.setClockSeen('2030-01-10T02:59:59Z')
      for (const name of ['latest', 'all', 'none', 'soon']) await runOf(first, '2030-01-10T03:00:00Z', name)
      await allRecorded(first)
      first.kill('SIGKILL')
      await first.ended

      await clocked.setClock('2030-01-11T03:10:00Z')
      const second = await clocked.start()
      for (const name of ['latest', 'all', 'soon']) await runOf(second, '2030-01-11T03:00:00Z', name)
      await second.waitForLine('the fates of none', (line) => line.msg === 'tick judged' && line['workflow'] === 'none')

      // Its form changes as it ticks: from then on it is another schedule, which has no past.
      const formOfNone = async (): Promise<string | undefined> => (await clocked.schedules())['none']?.form
      const oldForm = await formOfNone()
      await clocked.setClock('2030-01-11T03:59:59Z')
      await clocked.commit(workflow('none', '{cron: "*/15 * * * *", catchUp: All}'))
      const change = await runGit(clocked.checkout, ['rev-parse', 'HEAD'])
      await runOf(second, '2030-01-11T04:00:00Z', 'latest')
      await second.waitForLine('a look at the change', ({ msg, commit }) => msg === 'definitions in force' && commit === change)
      await until('its new form is known', async () => (await formOfNone()) !== oldForm)
      await clocked.setClockSeen('2030-01-11T04:14:59Z')
      await runOf(second, '2030-01-11T04:15:00Z', 'none')
      await allRecorded(second)
      await second.stop()

      const { records, ticks } = await history(clocked)
      const before = '2030-01-11T03:30:00Z'
      const counts = (name: string): Record<string, number> => {
        const found: Record<string, number> = { runs: records.filter(({ workflow: one, trigger }) => one === name && trigger.tick < before).length }
        for (const { workflow: one, fate, from, count } of ticks) if (one === name && from < before) found[fate] = (found[fate] ?? 0) + count
        return found
      }
      expect(Object.fromEntries(['latest', 'all', 'none', 'soon'].map((name) => [name, counts(name)]))).toEqual({
        latest: { runs: 2, Late: 1, Missed: 23 },
        all: { runs: 25, Late: 24 },
        none: { runs: 1, Missed: 24 },
        soon: { runs: 3, Late: 2, Missed: 22 },
      })
      expect(ticks.filter(({ fate, reason }) => fate === 'Missed' && reason === null)).toEqual([])
      const afterChange = records.flatMap(({ workflow: one, trigger }) => (one === 'none' && trigger.tick > before ? [trigger.tick] : []))
      expect(afterChange.filter((tick) => tick !== '2030-01-11T04:00:00Z')).toEqual(['2030-01-11T04:15:00Z'])
      expect(new Set(afterChange).size).toBe(afterChange.length)
    } finally {
      await clocked.close()
    }
  })

  it('are run by one of two controllers: the other ends, or starts nothing', async () => {
    const clocked = await createClockedFusee(workflow('beat', '{cron: "*/30 * * * *"}'))
    try {
      await clocked.setClock('2030-01-10T02:40:00Z')
      const first = await clocked.start()
      const onSameState = clocked.begin()
      const onItsOwn = clocked.begin('other-data')
      await onItsOwn.waitForLine('its refusal', ({ msg }) => msg === 'BranchOwned')
      await clocked.setClockSeen('2030-01-10T02:59:59Z')
      await runOf(first, '2030-01-10T03:00:00Z')
      await allRecorded(first)
      // It waits for a while, since the other might just be ending.
      expect((await onSameState.ended).code).toBe(1)
      expect(onSameState.stderr()).toContain('is in use by process')
      await Promise.all([first.stop(), onItsOwn.stop()])
      expect(onItsOwn.lines.filter(({ msg }) => msg === 'run created')).toEqual([])
      expect((await history(clocked)).records.map(({ trigger }) => trigger.tick)).toEqual(['2030-01-10T03:00:00Z'])
      expect(await runGit(clocked.checkout, ['log', '--format=%s', 'fusee/status', '--grep=beat: Succeeded'])).not.toContain('\n')
    } finally {
      await clocked.close()
    }
  })
})
