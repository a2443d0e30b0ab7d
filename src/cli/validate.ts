import path from 'node:path'
import { stat } from 'node:fs/promises'
import { Command, Option } from 'commander'
import { createColors } from 'picocolors'
import { policyOf } from '../config/repository-policy.ts'
import type { Files } from '../definitions/files.ts'
import { formatDiagnostics, formatGithubAnnotations } from '../definitions/format-diagnostics.ts'
import { loadDefinitions } from '../definitions/load-definitions.ts'
import { ASSUMED_POLICY } from '../definitions/policy/policy.ts'
import { decodeText } from '../definitions/source/decode-text.ts'
import type { Definitions, Diagnostic } from '../definitions/workflow.ts'
import { createWorkingTreeFiles } from '../git/working-tree.ts'
import { readRepositoryDocument } from './read-repository.ts'
import { type Shell, UsageError } from './shell.ts'
import { describeDefinitions } from './validate-json.ts'

interface ValidateOptions {
  path?: string
  repository?: string
  output: 'text' | 'json' | 'github'
}

interface FormatOptions {
  /** Folder of the definitions. */
  place: string
  output: ValidateOptions['output']
}

/** `fusee validate [DIR]`: every mistake of every definition file, at once. Ends with 2 when there is an error. */
export function createValidateCommand(shell: Shell): Command {
  return new Command('validate')
    .description('check the workflow and schedule files of a folder, and the manifests that they name')
    .argument('[DIR]', "the repository's root", '.')
    .option('--path <FOLDER>', "folder of the definitions, relative to the root; default the Repository document's, else workflows")
    .option('--repository <FILE>', 'Repository document whose policy counts; without one, what its default refuses is an error or a warning')
    .addOption(new Option('--output <FORMAT>', 'text, json, or github for annotations').choices(['text', 'json', 'github']).default('text'))
    .addHelpText('after', '\nExample:\n  fusee validate --path workflows .')
    .action(async (folder: string, options: ValidateOptions) => {
      const root = path.resolve(shell.workingDirectory, folder)
      await checkFolder(root, folder)
      const document =
        options.repository === undefined ? null : await readRepositoryDocument(path.resolve(shell.workingDirectory, options.repository))
      const place = options.path ?? document?.spec.path ?? 'workflows'
      const files = createWorkingTreeFiles(root)
      const definitions = await loadDefinitions(files, { path: place, policy: document === null ? ASSUMED_POLICY : policyOf(document) })
      await checkDefinitionsFolder(root, place)
      shell.stdout.write(await format(definitions, files, { place, output: options.output }, shell))
      if (definitions.diagnostics.some(({ severity }) => severity === 'error')) shell.exitCode = 2
    })
}

async function checkFolder(root: string, shown: string): Promise<void> {
  const found = await stat(root).catch(() => null)
  if (!found?.isDirectory()) throw new UsageError(`${JSON.stringify(shown)} is no folder; name the root of a repository`)
}

async function checkDefinitionsFolder(root: string, folder: string): Promise<void> {
  const found = await stat(path.join(root, folder)).catch(() => null)
  if (!found?.isDirectory()) throw new UsageError(`there is no folder ${folder} in ${root}; say with --path where the definitions lie`)
}

async function format(definitions: Definitions, files: Files, options: FormatOptions, shell: Shell): Promise<string> {
  switch (options.output) {
    case 'json':
      return `${JSON.stringify(describeDefinitions(definitions), null, 2)}\n`
    case 'github':
      return formatGithubAnnotations(definitions.diagnostics)
    case 'text':
      return formatText(definitions, files, options, shell)
  }
}

async function formatText(definitions: Definitions, files: Files, options: FormatOptions, shell: Shell): Promise<string> {
  const { workflows, schedules, ignored, diagnostics } = definitions
  const isEmpty = [workflows, schedules, ignored, diagnostics].every((list) => list.length === 0)
  if (isEmpty) return `there are no definition files below ${options.place}\n`
  return formatDiagnostics(diagnostics, await readSources(diagnostics, files), coloursOf(shell)) + formatTotals(definitions)
}

async function readSources(diagnostics: readonly Diagnostic[], files: Files): Promise<Map<string, string>> {
  const sources = new Map<string, string>()
  for (const file of new Set(diagnostics.map((diagnostic) => diagnostic.file))) {
    const bytes = await files.read(file)
    const decoded = bytes ? decodeText(bytes) : null
    if (decoded?.kind === 'Text') sources.set(file, decoded.text)
  }
  return sources
}

function coloursOf({ stdout, env }: Shell) {
  const isTerminal = 'isTTY' in stdout && stdout.isTTY === true
  return createColors(isTerminal && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb')
}

function formatTotals({ workflows, schedules, ignored }: Definitions): string {
  const totals = [`workflows: ${workflows.length} valid`, `schedules: ${schedules.length} valid`]
  return `${[...totals, ...(ignored.length > 0 ? [`ignored files: ${ignored.length}`] : [])].join(', ')}\n`
}
