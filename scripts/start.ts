/**
 * Makes a real bare repository of `sample-repo/`, follows it with the local runner, pushes a change to it, and shows what happens until it
 * is interrupted. The next start carries on where this one was.
 */
import path from 'node:path'
import { createProcessShell } from '../src/cli/process-shell.ts'
import { createPrinter, serve } from '../src/cli/serve.ts'
import { resolveServeConfig } from '../src/config/serve-config.ts'
import type { ControllerEvent } from '../src/controller/events.ts'
import { createSampleRepository, pushChange } from './sample-repository.ts'

const shell = createProcessShell()
const say = (line: string): void => {
  shell.stdout.write(`${line}\n`)
}
const folder = path.resolve('.fusee')
const repository = path.join(folder, 'sample.git')
const made = await createSampleRepository(repository, 'sample-repo')
say(
  `${made ? 'Made' : 'Found'} the repository ${path.relative('.', repository)}${made ? ' from sample-repo/' : '; it carries on from the last start'}`,
)
say('')
say('To see a run of your own, in another terminal:')
say(`  git clone ${repository} my-sample && cd my-sample`)
say('  echo "# hello" >> workflows/greeting.yaml')
say('  git -c user.name=me -c user.email=me@example.com commit -am "Say hello" && git push')
say(`Its record then lies on the branch fusee/status:  git fetch && git log -p origin/fusee/status`)
say('Ctrl-C ends it.')
say('')

let pushed = false
const print = createPrinter(shell)
const report = (event: ControllerEvent): void => {
  print(event)
  if (event.kind !== 'LookEnded' || pushed) return
  pushed = true
  pushChange(repository).then(
    (subject) => {
      say(`pushed a commit to main: ${subject}`)
    },
    (error: unknown) => {
      say(`could not push: ${String(error)}`)
    },
  )
}
const config = resolveServeConfig({
  repo: repository,
  document: null,
  data: path.join(folder, 'data'),
  // Any free port: the probes are not what this is about.
  listen: '127.0.0.1:0',
  secrets: undefined,
  env: process.env,
  workingDirectory: process.cwd(),
})
config.settings.historyIntervalSeconds = 2
try {
  await serve(shell, config, report, say)
} catch (error) {
  process.stderr.write(`fusee: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
