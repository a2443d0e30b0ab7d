import { Command, Option } from 'commander'
import { policyOf } from '../config/repository-policy.ts'
import { createDefinitionCache } from '../definitions/definition-cache.ts'
import type { Files } from '../definitions/files.ts'
import { formatDiagnostics, formatGithubAnnotations } from '../definitions/format-diagnostics.ts'
import { formatSarif } from '../definitions/format-sarif.ts'
import { loadDefinitions, type LoadOptions } from '../definitions/load-definitions.ts'
import { ASSUMED_POLICY } from '../definitions/policy/policy.ts'
import { inOrder } from '../definitions/link/link-definitions.ts'
import { describeLink } from '../definitions/symbolic-link.ts'
import type { Definitions, Diagnostic } from '../definitions/workflow.ts'
import { VERSION } from '../version.ts'
import { createAnalysisThreads } from './analysis-threads.ts'
import { checkDefinitionsFolder } from './check-folder.ts'
import { coloursOf } from './colours.ts'
import { findLinks } from './find-links.ts'
import { readChosenRepository } from './read-repository.ts'
import { readSources } from './read-sources.ts'
import { type Shell, UsageError } from './shell.ts'
import { describeDefinitions } from './validate-json.ts'
import { withSource } from './validate-source.ts'
import { watchFolder } from './watch-folder.ts'
import { createWatchedFiles } from './watched-files.ts'

const FORMATS = ['text', 'json', 'github', 'sarif'] as const

interface ValidateOptions {
  path?: string
  repository?: string
  commit?: string
  branch?: string
  watch?: boolean
  output: (typeof FORMATS)[number]
}

interface FormatOptions {
  /** Folder of the definitions. */
  place: string
  output: ValidateOptions['output']
}

/** `fusee validate [DIR|URL]`: every mistake of every definition file, at once. Ends with 2 when there is an error. */
export function createValidateCommand(shell: Shell): Command {
  return new Command('validate')
    .description('check the workflow and schedule files of a folder, a commit or a remote, and the manifests that they name')
    .argument('[DIR|URL]', "the repository's root, or its URL", '.')
    .option('--commit <REF>', 'check this commit, branch or tag of the folder instead of its working tree')
    .option('--branch <NAME>', "of a URL: check this branch; default the repository's own")
    .option('--path <FOLDER>', "folder of the definitions, relative to the root; default the Repository document's, else workflows")
    .option('--repository <FILE>', 'Repository document whose policy counts; without one, what its default refuses is an error or a warning')
    .option('--watch', 'check again whenever a file changes, until interrupted')
    .addOption(new Option('--output <FORMAT>', 'text, json, github for annotations, or sarif').choices(FORMATS).default('text'))
    .addHelpText('after', '\nExample:\n  fusee validate --path workflows .')
    .action((place: string, options: ValidateOptions) => validate(shell, place, options))
}

async function validate(shell: Shell, place: string, options: ValidateOptions): Promise<void> {
  const { document, folder } = await readChosenRepository(shell, options)
  const elsewhere = createAnalysisThreads()
  const loading = { path: folder, policy: document === null ? ASSUMED_POLICY : policyOf(document), cache: createDefinitionCache(), elsewhere }
  const format = { place: folder, output: options.output }
  await withSource(shell, { place, commit: options.commit, branch: options.branch }, async ({ files, root }) => {
    if (root !== null) await checkDefinitionsFolder(root, folder)
    const links = root === null ? [] : (await findLinks(root, folder)).map(describeLink)
    const load = { ...loading, links }
    if (options.watch !== true) return check(shell, files, { ...load, isOnce: true }, format)
    if (root === null) throw new UsageError('--watch looks at a folder: leave out --commit, --branch and the URL')
    await watch(shell, root, files, load, format)
  }).finally(() => elsewhere?.close())
}

/** What is checked, and what is known of it already. */
interface Checking extends LoadOptions {
  links: readonly Diagnostic[]
}

async function check(shell: Shell, files: Files, load: Checking, options: FormatOptions): Promise<void> {
  const loaded = await loadDefinitions(files, load)
  const definitions = load.links.length === 0 ? loaded : { ...loaded, diagnostics: inOrder([...loaded.diagnostics, ...load.links]) }
  shell.stdout.write(await format(definitions, files, options, shell))
  shell.exitCode = definitions.diagnostics.some(({ severity }) => severity === 'error') ? 2 : 0
}

async function watch(shell: Shell, root: string, files: Files, load: Checking, options: FormatOptions): Promise<void> {
  const watched = createWatchedFiles(files)
  const begin = () => check(shell, watched, load, options)
  await watchFolder(root, shell.stopSignal(), begin, async (paths) => {
    for (const changed of paths) await watched.changed(changed)
    if (options.output === 'text') shell.stdout.write(`\n${paths.length === 1 ? (paths[0] ?? '') : `${paths.length} files`} changed\n`)
    await check(shell, watched, load, options)
  })
}

async function format(definitions: Definitions, files: Files, options: FormatOptions, shell: Shell): Promise<string> {
  switch (options.output) {
    case 'json':
      return `${JSON.stringify(describeDefinitions(definitions), null, 2)}\n`
    case 'github':
      return formatGithubAnnotations(definitions.diagnostics)
    case 'sarif':
      return formatSarif(definitions.diagnostics, VERSION)
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

function formatTotals({ workflows, schedules, ignored }: Definitions): string {
  const totals = [`workflows: ${workflows.length} valid`, `schedules: ${schedules.length} valid`]
  return `${[...totals, ...(ignored.length > 0 ? [`ignored files: ${ignored.length}`] : [])].join(', ')}\n`
}
