import path from 'node:path'
import { Command, Option } from 'commander'
import { repositoryNameOf } from '../config/repository-name.ts'
import { policyOf } from '../config/repository-policy.ts'
import { createDefinitionCache } from '../definitions/definition-cache.ts'
import type { Files } from '../definitions/files.ts'
import { formatDiagnostics } from '../definitions/format-diagnostics.ts'
import { loadDefinitions } from '../definitions/load-definitions.ts'
import { ASSUMED_POLICY } from '../definitions/policy/policy.ts'
import { findRepositoryRoot } from '../git/repository-root.ts'
import { resolveCommit } from '../git/resolve-commit.ts'
import { createWorkingTreeFiles } from '../git/working-tree.ts'
import { changeGraph } from '../plan/change-graph.ts'
import { planChange } from '../plan/plan-change.ts'
import { describePlan, printPlan } from '../plan/print-plan.ts'
import { createSystemClock } from '../system-clock.ts'
import { changedPaths } from './changed-paths.ts'
import { checkFolder } from './check-folder.ts'
import { coloursOf } from './colours.ts'
import { readChosenRepository } from './read-repository.ts'
import { readSources } from './read-sources.ts'
import type { Shell } from './shell.ts'
import { orWrongUse } from './wrong-use.ts'

interface PlanOptions {
  base: string
  commit?: string
  path?: string
  repository?: string
  output: 'text' | 'json' | 'mermaid'
}

/** `fusee plan [DIR] --base REF`: what a change of the definitions does once it is merged. Ends with 2 when the new version has an error. */
export function createPlanCommand(shell: Shell): Command {
  return new Command('plan')
    .description('show what merging a change does: workflows, schedules, next ticks, runs, findings')
    .argument('[DIR]', "the repository's root", '.')
    .requiredOption('--base <REF>', 'the commit, branch or tag that the change is compared with')
    .option('--commit <REF>', 'the change, instead of the working tree')
    .option('--path <FOLDER>', "folder of the definitions, relative to the root; default the Repository document's, else workflows")
    .option('--repository <FILE>', 'Repository document whose policy counts')
    .addOption(new Option('--output <FORMAT>', 'text, json, or mermaid for pictures').choices(['text', 'json', 'mermaid']).default('text'))
    .addHelpText('after', '\nExample:\n  fusee plan --base main')
    .action((folder: string, options: PlanOptions) => showPlan(shell, folder, options))
}

async function showPlan(shell: Shell, folder: string, options: PlanOptions): Promise<void> {
  const root = path.resolve(shell.workingDirectory, folder)
  await checkFolder(root, folder)
  const { document, folder: definitions } = await readChosenRepository(shell, options)
  const base = await orWrongUse(() => resolveCommit(root, options.base))
  const { commit } = options
  const change = commit === undefined ? null : await orWrongUse(() => resolveCommit(root, commit))
  const files: Files = change?.files ?? createWorkingTreeFiles(root)
  const known = change ?? (await resolveCommit(root, 'HEAD'))
  const load = {
    path: definitions,
    cache: createDefinitionCache(),
    policy: document === null ? ASSUMED_POLICY : policyOf(document),
  }
  const before = await loadDefinitions(base.files, load)
  const after = await loadDefinitions(files, load)
  const plan = planChange({
    before,
    after,
    changedPaths: await changedPaths({ base: base.files, known: known.files, files, folder: load.path }),
    branch: options.base,
    message: '',
    repository:
      document === null
        ? `default/${repositoryNameOf((await findRepositoryRoot(root)) ?? root)}`
        : `${document.metadata.namespace ?? 'default'}/${document.metadata.name}`,
    nowMs: createSystemClock().now(),
  })
  if (options.output === 'json') shell.stdout.write(`${JSON.stringify(describePlan(plan), null, 2)}\n`)
  else if (options.output === 'mermaid') shell.stdout.write(plan.workflows.map((workflow) => changeGraph(workflow) ?? '').join('\n'))
  else shell.stdout.write(`${printPlan(plan)}\n${formatDiagnostics(plan.diagnostics, await readSources(plan.diagnostics, files), coloursOf(shell))}`)
  if (plan.diagnostics.some(({ severity }) => severity === 'error')) shell.exitCode = 2
}
