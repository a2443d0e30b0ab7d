import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, vi } from 'vitest'
import type { FuseeProcess, LogLine } from '../support/fusee-process.ts'
import { runFusee, startFusee } from '../support/fusee-process.ts'
import { runGit } from '../support/git-program.ts'

/* A real controller whose clock is set to and fro while it runs, and which ends at the very second of a tick. */

vi.setConfig({ testTimeout: 600_000 })

const PRELOADED = fileURLToPath(new URL('../support/shifted-clock.mjs', import.meta.url))
const WORKFLOW = `apiVersion: fusee.dev/v1alpha1
kind: Workflow
metadata: {name: beat}
spec:
  triggers: {schedule: [{cron: "*/30 * * * *"}]}
  steps: [{name: only, image: "busybox:1.36", script: "true"}]
`

describe('ticks of a real controller', () => {
  it('have one fate each, whatever its clock is set to, and however it ends', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'fusee-clock-'))
    const clockFile = path.join(folder, 'clock')
    const checkout = path.join(folder, 'checkout')
    const lives: FuseeProcess[] = []

    async function setClock(at: string): Promise<void> {
      await writeFile(`${clockFile}.new`, String(Date.parse(at) - Date.now()))
      await rename(`${clockFile}.new`, clockFile)
    }
    async function start(): Promise<FuseeProcess> {
      const words = ['serve', '--runner', 'local', '--repo', checkout, '--data', path.join(folder, 'data'), '--output', 'json']
      const env = { NODE_OPTIONS: `--import=${PRELOADED}`, FUSEE_TEST_CLOCK: clockFile }
      const fusee = startFusee([...words, '--listen', '127.0.0.1:0'], env)
      lives.push(fusee)
      await fusee.waitForLine('a look', ({ msg }) => msg === 'definitions in force')
      return fusee
    }
    const runOf = (fusee: FuseeProcess, tick: string) => fusee.waitForLine(`a run of ${tick}`, (line) => tickOf(line) === tick)

    try {
      await mkdir(path.join(checkout, 'workflows'), { recursive: true })
      await runGit(checkout, ['init', '--quiet', '--initial-branch=main'])
      await writeFile(path.join(checkout, 'workflows', 'beat.yaml'), WORKFLOW)
      await runGit(checkout, ['add', '--all'])
      await runGit(checkout, ['commit', '--quiet', '--message', 'A workflow'])

      await setClock('2030-01-10T02:40:00Z')
      const first = await start()
      await setClock('2030-01-10T02:59:59Z')
      await runOf(first, '2030-01-10T03:00:00Z')
      first.kill('SIGKILL')
      await first.ended
      const second = await start()
      await second.waitForLine('its record', ({ msg }) => msg === 'records pushed')

      // Back by an hour: what has passed comes again and is nobody's any more.
      await setClock('2030-01-10T01:59:59Z')
      second.kill('SIGKILL')
      await second.ended
      const third = await start()
      // Forward by an hour and a half, while it runs.
      await setClock('2030-01-10T03:29:59Z')
      await runOf(third, '2030-01-10T03:30:00Z')
      // Forward over two ticks: the newer one runs late.
      await setClock('2030-01-10T04:35:00Z')
      await runOf(third, '2030-01-10T04:30:00Z')
      await third.waitForLine(
        'both records',
        (line) => line.msg === 'records pushed' && JSON.stringify(line).includes(runNamed(third, '2030-01-10T04:30:00Z')),
      )
      await third.stop()

      const { stdout } = await runFusee(['history', '--repo', checkout, '--output', 'json'])
      const { records } = JSON.parse(stdout) as { records: { trigger: { tick: string }; result: string }[] }
      expect(records.map(({ trigger, result }) => `${trigger.tick} ${result}`).sort()).toEqual([
        '2030-01-10T03:00:00Z Succeeded',
        '2030-01-10T03:30:00Z Succeeded',
        '2030-01-10T04:30:00Z Succeeded',
      ])
      const ticks = JSON.parse(await runGit(checkout, ['show', 'fusee/status:history/beat/2030/01/10/ticks.json'])) as {
        ranges: { from: string; fate: string; count: number }[]
      }
      expect(ticks.ranges.map(({ from, fate, count }) => [from, fate, count])).toEqual([
        ['2030-01-10T04:00:00Z', 'Missed', 1],
        ['2030-01-10T04:30:00Z', 'Late', 1],
      ])
    } finally {
      for (const fusee of lives) fusee.kill('SIGKILL')
      await Promise.all(lives.map(({ ended }) => ended))
      await rm(folder, { recursive: true, force: true })
    }
  })
})

function tickOf({ msg, trigger }: LogLine): string | undefined {
  return msg === 'run created' ? (trigger as { tick?: string }).tick : undefined
}

function runNamed(fusee: FuseeProcess, tick: string): string {
  return String(fusee.lines.find((line) => tickOf(line) === tick)?.['run'])
}
