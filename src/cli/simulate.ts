import path from 'node:path'
import { Command, Option } from 'commander'
import { parseWrittenTime } from '../clock.ts'
import { readRunSource } from '../run-source.ts'
import { asCommitSha } from '../git/ports.ts'
import { simulate } from '../simulation/simulate.ts'
import { createPaint } from './paint.ts'
import { simulateInThreads } from './simulate-threads.ts'
import type { Shell } from './shell.ts'
import { UsageError } from './shell.ts'
import { calendarOf } from './simulate-calendar.ts'
import { simulationTable } from './simulate-table.ts'

interface SimulateOptions {
  from: string
  to: string
  path: string
  fail: string[]
  down: string[]
  view: 'calendar' | 'table' | 'both'
  output: 'text' | 'json'
}

const collect = (value: string, all: string[]): string[] => [...all, value]

/** `fusee simulate [DIR]`: what the schedules of the working tree would do, by the engine itself under a virtual clock. */
export function createSimulateCommand(shell: Shell): Command {
  return new Command('simulate')
    .description('show every tick and run of a range of time, as the engine itself would carry them out')
    .argument('[DIR]', "the repository's root", '.')
    .requiredOption('--from <time>', 'from here, as in 2026-11-20 or 2026-11-20T00:00:00Z')
    .requiredOption('--to <time>', 'up to here, not included')
    .option('--path <folder>', 'folder of the definitions, below the root', 'workflows')
    .option('--fail <step>', 'a step that fails, as step or workflow/step; may be given several times', collect, [])
    .option('--down <from..to>', 'the controller does not run meanwhile; may be given several times', collect, [])
    .addOption(new Option('--view <view>', 'what text shows').choices(['calendar', 'table', 'both']).default('both'))
    .addOption(new Option('--output <format>', 'text or json').choices(['text', 'json']).default('text'))
    .addHelpText('after', '\nExample:\n  fusee simulate --from 2026-11-01 --to 2026-12-01 --down 2026-11-10T00:00Z..2026-11-11T00:00Z --fail measure')
    .action(async (folder: string, options: SimulateOptions) => {
      const [fromMs, toMs] = rangeOf(options.from, options.to)
      const downs = options.down.map(readDown)
      const root = path.resolve(shell.workingDirectory, folder)
      const { files, definitions, commit, repository } = await readRunSource({ root, path: options.path, commit: null })
      const broken = definitions.diagnostics.filter((one) => one.severity === 'error')
      for (const one of broken.slice(0, 10)) shell.stderr.write(`fusee: ${one.file}:${one.line}:${one.column} ${one.message}\n`)
      if (broken.length > 0)
        throw new UsageError(`${broken.length === 1 ? 'a definition is' : `${broken.length} definitions are`} invalid: fusee validate shows why`)
      const steps = definitions.workflows.flatMap(({ name, steps: main, finally: last }) =>
        [...main, ...last].flatMap((step) => [step.name, `${name}/${step.name}`]),
      )
      for (const step of options.fail) if (!steps.includes(step)) throw new UsageError(`--fail ${JSON.stringify(step)}: no workflow has such a step`)
      const asked = {
        files,
        path: options.path,
        commit: asCommitSha(commit),
        repository,
        schedules: definitions.schedules,
        fromMs,
        toMs,
        downs,
        failing: options.fail,
      }
      const simulation = (await simulateInThreads(asked, definitions, root)) ?? (await simulate(asked))
      if (options.output === 'json') {
        shell.stdout.write(`${JSON.stringify(simulation, null, 2)}\n`)
        return
      }
      const paint = createPaint(shell)
      const parts = [
        ...(options.view === 'table' ? [] : [calendarOf(simulation, { fromMs, toMs }, paint)]),
        ...(options.view === 'calendar' ? [] : [simulationTable(simulation, paint)]),
      ]
      shell.stdout.write(parts.join('\n'))
    })
}

function rangeOf(from: string, to: string): [number, number] {
  const [fromMs, toMs] = [readTime('--from', from), readTime('--to', to)]
  if (fromMs >= toMs) throw new UsageError('--from must lie before --to')
  return [fromMs, toMs]
}

function readDown(text: string): { fromMs: number; toMs: number } {
  const [from, to, ...rest] = text.split('..')
  if (from === undefined || to === undefined || rest.length > 0) throw new UsageError(`--down ${JSON.stringify(text)}: write it as FROM..TO`)
  const [fromMs, toMs] = [readTime('--down', from), readTime('--down', to)]
  if (fromMs >= toMs) throw new UsageError(`--down ${JSON.stringify(text)} ends before it begins`)
  return { fromMs, toMs }
}

function readTime(option: string, text: string): number {
  const ms = parseWrittenTime(text)
  if (Number.isNaN(ms)) throw new UsageError(`${option} ${JSON.stringify(text)} is no time: write it as in 2026-11-20 or 2026-11-20T03:00:00Z`)
  return ms
}
