import { readFile, writeFile } from 'node:fs/promises'
import fs from 'node:fs'
import path from 'node:path'
import { Command } from 'commander'
import git from 'isomorphic-git'
import { editSuspension } from '../definitions/edit-suspension.ts'
import { loadDefinitions } from '../definitions/load-definitions.ts'
import { findRepositoryRoot } from '../git/repository-root.ts'
import { createWorkingTreeFiles } from '../git/working-tree.ts'
import type { Shell } from './shell.ts'
import { UsageError } from './shell.ts'

interface SuspendOptions {
  repo: string
  path: string
  until?: string
  reason?: string
  off?: boolean
  commit?: boolean
}

/** `fusee suspend NAME`: writes a suspension into the file of a workflow or schedule, and commits it when asked to. */
export function createSuspendCommand(shell: Shell): Command {
  return new Command('suspend')
    .description('suspend a workflow or a schedule where it is written, in Git')
    .argument('<name>', 'name of the workflow or schedule')
    .option('--repo <dir>', 'root of the repository', '.')
    .option('--path <folder>', 'folder of the definitions, below the root', 'workflows')
    .option('--until <time>', 'when it ends by itself, as in 2026-12-01T00:00:00Z')
    .option('--reason <text>', 'why; shown with every tick that is skipped')
    .option('--off', 'take the suspension away')
    .option('--commit', 'commit that file on the current branch; pushing it is yours')
    .addHelpText('after', '\nExample:\n  fusee suspend nightly-nordics --until 2026-12-01T00:00:00Z --reason "site moves" --commit')
    .action(async (name: string, options: SuspendOptions) => {
      const root = path.resolve(shell.workingDirectory, options.repo)
      const file = await writeSuspension(root, name, options)
      if (options.commit === true) {
        const id = await commitFile(root, file, message(name, options))
        shell.stdout.write(`${file} is committed as ${id.slice(0, 10)}: push it to put it in force\n`)
      } else shell.stdout.write(`${file} is changed: commit and push it to put it in force\n`)
    })
}

/** The file, relative to the root. */
async function writeSuspension(root: string, name: string, options: SuspendOptions): Promise<string> {
  const { until, reason, off } = options
  if (off === true && (until !== undefined || reason !== undefined)) throw new UsageError('--off takes neither --until nor --reason')
  if (until !== undefined && !/^\d{4}-\d\d-\d\d(T.*(Z|[+-]\d\d:\d\d))?$/.test(until))
    throw new UsageError(`--until ${JSON.stringify(until)}: write it as in 2026-12-01T00:00:00Z`)
  const definitions = await loadDefinitions(createWorkingTreeFiles(root), { path: options.path })
  const found = [...definitions.workflows, ...definitions.schedules].find((one) => one.name === name)
  if (found === undefined)
    throw new UsageError(`there is no valid workflow or schedule ${JSON.stringify(name)}: fusee validate shows those that are there`)
  const place = path.join(root, found.file)
  const before = await readFile(place, 'utf8')
  const after = editSuspension(before, name, off === true ? null : { until: until ?? null, reason: reason ?? null })
  if (after === null || after === before) throw new UsageError(off === true ? `${name} is not suspended` : `${name} is suspended like this already`)
  await writeFile(place, after)
  const checked = await loadDefinitions(createWorkingTreeFiles(root), { path: options.path })
  const broken = checked.diagnostics.find((one) => one.severity === 'error' && one.file === found.file)
  if (broken === undefined) return found.file
  await writeFile(place, before)
  throw new Error(`${found.file} is written in a way that cannot be edited here: ${broken.message}; write suspend into it by hand`)
}

async function commitFile(root: string, file: string, text: string): Promise<string> {
  const dir = await findRepositoryRoot(root)
  if (dir === null) throw new UsageError(`${root} lies in no Git repository: leave --commit out`)
  const filepath = path.relative(dir, path.join(root, file)).split(path.sep).join('/')
  const [name, email] = [await git.getConfig({ fs, dir, path: 'user.name' }), await git.getConfig({ fs, dir, path: 'user.email' })] as [
    unknown,
    unknown,
  ]
  if (typeof name !== 'string' || typeof email !== 'string')
    throw new UsageError(`${dir} does not say who commits: set user.name and user.email in it with git config`)
  await git.add({ fs, dir, filepath })
  return git.commit({ fs, dir, message: text, author: { name, email } })
}

function message(name: string, { until, reason, off }: SuspendOptions): string {
  if (off === true) return `Resume ${name}\n`
  return `Suspend ${name}${until === undefined ? '' : ` until ${until}`}${reason === undefined ? '' : `: ${reason}`}\n`
}
