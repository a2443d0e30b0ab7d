import { randomUUID } from 'node:crypto'
import path from 'node:path'
import { Command, Option } from 'commander'
import { readRunSource } from '../run-source.ts'
import { runOnce } from '../controller/run-once.ts'
import type { Connection } from '../cluster/kubernetes/connection.ts'
import { connect } from '../cluster/kubernetes/connection.ts'
import { createOnceContext } from '../create-context.ts'
import { createKubernetesOnce } from '../create-kubernetes-once.ts'
import type { Workflow } from '../definitions/workflow.ts'
import { findRepositoryRoot } from '../git/repository-root.ts'
import { openRepository } from '../git/open.ts'
import type { CommitSigner, StatusBranch } from '../git/ports.ts'
import { recordOnce } from '../history/record-once.ts'
import { encodeRecord, recordOf } from '../history/record.ts'
import { createRunObject } from '../runs/create-run.ts'
import type { StoredRun } from '../runs/run.ts'
import { parseParamWords, resolveParams } from '../triggers/params.ts'
import { createLiveLog } from './live-log.ts'
import { createPaint } from './paint.ts'
import { readChosenRepository } from './read-repository.ts'
import { recordText } from './record-text.ts'
import type { Shell } from './shell.ts'
import { checkDefinitionsFolder, checkFolder, checkSecretsFolder } from './check-folder.ts'
import { UsageError } from './shell.ts'
import { readCommitSigner, signingOption, unsignedNote } from './signing.ts'
import { orWrongUse } from './wrong-use.ts'
import { userName } from './user-name.ts'

interface RunOptions {
  repo: string
  path?: string
  repository?: string
  param: string[]
  approve: string[]
  secrets?: string
  namespace?: string
  commit?: string
  record: boolean
  branch: string
  signingKey?: string
  runner: string
  output: 'text' | 'json'
}

const MOST_PARALLEL_STEPS = 50

/** `fusee run`: one run of the working tree on this machine, and nothing left behind but what its steps did. */
export function createRunCommand(shell: Shell): Command {
  return new Command('run')
    .description('run one workflow of the working tree on this machine, show its steps and logs, then its record')
    .argument('<workflow>', 'name of the workflow')
    .option('--repo <dir>', 'root of the repository', '.')
    .option('--path <folder>', "folder of the definitions, below the root; default the Repository document's, else workflows")
    .option('--repository <file>', 'Repository document whose vars expressions see')
    .option('--param <key=value>', 'value of a param; may be given several times', collect, [])
    .option('--approve <step>', 'approve this step once it waits for an approval; may be given several times', collect, [])
    .option('--commit <commit>', 'run this commit, branch or tag instead of the working tree')
    .option('--record', 'write the record to the status branch of the repository', false)
    .option('--branch <name>', 'that status branch', 'fusee/status')
    .addOption(signingOption())
    .option('--secrets <dir>', 'folder with the Secrets, as <secret>/<key>')
    .option('--namespace <name>', 'with --runner kubernetes: namespace of the Jobs; default that of the kubeconfig')
    .addOption(new Option('--runner <runner>', 'where Jobs run').choices(['local', 'kubernetes']).default('local'))
    .addOption(new Option('--output <format>', 'what is printed: text, or the record as json').choices(['text', 'json']).default('text'))
    .addHelpText('after', '\nExample:\n  fusee run nightly-report --param site=www.example.org')
    .action(async (name: string, options: RunOptions) => {
      checkRunner(options)
      const ended = await runWorkflow(shell, name, options)
      if (ended?.status?.result !== 'Succeeded') shell.exitCode = 1
    })
}

/** Null when the user did not wait for its end. */
async function runWorkflow(shell: Shell, name: string, options: RunOptions): Promise<StoredRun | null> {
  const root = path.resolve(shell.workingDirectory, options.repo)
  await checkFolder(root, options.repo)
  const { document, folder } = await readChosenRepository(shell, options)
  if (options.commit === undefined) await checkDefinitionsFolder(root, folder)
  const source = await orWrongUse(() => readRunSource({ root, path: folder, commit: options.commit ?? null }))
  const workflow = source.definitions.workflows.find((one) => one.name === name)
  if (workflow === undefined) throw new UsageError(describeMissing(name, source.definitions))
  const approvals = approvalsOf(workflow, options.approve)
  const connection = options.runner === 'kubernetes' ? await connect(shell.env) : null
  const namespace = options.namespace ?? connection?.namespace ?? 'default'
  const run = createRunObject(
    { namespace, name: source.repository },
    {
      workflow: name,
      commit: source.commit,
      trigger: { kind: 'Manual', key: randomUUID(), by: userName() },
      params: givenParams(workflow, options.param),
    },
  )
  const sign = options.record ? await readCommitSigner(shell, options, document?.spec.history.signingKey?.secretRef.name ?? null) : null
  const status = options.record ? await openStatusForRecord(root, options.branch, sign) : null
  if (status !== null && sign === null && (await status.isSigned())) shell.stderr.write(unsignedNote(options.branch))
  const isText = options.output === 'text'
  const paint = createPaint(shell)
  const say = (line: string): void => {
    if (isText) shell.stdout.write(`${line}\n`)
  }
  const live = createLiveLog(() => once.context.jobs, namespace, say, paint)
  const secretsFolder = options.secrets === undefined ? null : path.resolve(shell.workingDirectory, options.secrets)
  if (secretsFolder !== null) await checkSecretsFolder(secretsFolder)
  const report = isText ? live.report : () => undefined
  const once =
    connection === null
      ? await createOnceContext({ files: source.files, secretsFolder, report })
      : await createKubernetesOnce(connection, { namespace, name: run.metadata.name }, report)
  try {
    say(paint.dim(whereStepsRun(connection, namespace)))
    if (approvals.left.length > 0) shell.stderr.write(`${nobodyApproves(approvals.left)}\n`)
    const { cancel, abandon } = interrupts(shell, (line) => shell.stderr.write(`${line}\n`))
    const ended = await runOnce({
      context: once.context,
      run,
      workflow,
      maxParallelSteps: MOST_PARALLEL_STEPS,
      approvals: { steps: approvals.given, by: userName() },
      vars: document?.spec.vars ?? {},
      cancel,
      abandon,
    })
    if (ended === null) {
      await once.context.jobs.killAll()
      return null
    }
    await live.settled()
    if (!isText) shell.stdout.write(encodeRecord(recordOf(ended)))
    say(`\n${recordText(recordOf(ended), paint).trimEnd()}`)
    if (status !== null) {
      const commit = await recordOnce(status, ended)
      say(`\nrecorded in ${commit.slice(0, 8)} on ${options.branch}`)
    }
    return ended
  } finally {
    live.close()
    await once.close()
    connection?.close()
  }
}

function collect(value: string, all: string[]): string[] {
  return [...all, value]
}

/** The approvals that a workflow asks for: those that are given beforehand, and those for which it would wait. */
function approvalsOf({ name, steps, finally: last }: Workflow, wanted: readonly string[]): { given: ReadonlySet<string>; left: string[] } {
  const all = [...steps, ...last].filter(({ work }) => work.kind === 'Approval').map((step) => step.name)
  const unknown = wanted.find((step) => !all.includes(step))
  if (unknown !== undefined) {
    const others = all.length === 0 ? 'there is none' : `there is ${all.join(', ')}`
    throw new UsageError(`--approve ${unknown}: workflow ${name} has no approval of this name: ${others}`)
  }
  return { given: new Set(wanted), left: all.filter((step) => !wanted.includes(step)) }
}

/** No controller knows of this run, so that \`fusee approve\` cannot reach it. */
function nobodyApproves(steps: readonly string[]): string {
  const options = steps.map((step) => `--approve ${step}`).join(' ')
  return `${steps.join(', ')}: nobody can approve while this run waits; interrupt it then, or start it with ${options}`
}

function whereStepsRun(connection: Connection | null, namespace: string): string {
  if (connection === null) return 'Steps run as processes of this machine; their images are not used.'
  return `Steps run as Jobs in namespace ${namespace} of ${connection.server.origin}; they are removed at the end.`
}

function checkRunner({ runner, secrets, namespace }: RunOptions): void {
  if (runner === 'kubernetes' && secrets !== undefined) throw new UsageError('--secrets is for the local runner: in a cluster, steps use its Secrets')
  if (runner === 'local' && namespace !== undefined) throw new UsageError('--namespace is for --runner kubernetes')
}

/** The first interrupt cancels the run, and its `finally` steps run; the second ends everything at once. */
function interrupts(shell: Shell, say: (line: string) => void): { cancel: AbortSignal; abandon: AbortSignal } {
  const cancel = shell.stopSignal()
  const abandon = new AbortController()
  cancel.addEventListener('abort', () => {
    say('cancelling: running steps are told to end, `finally` steps run; interrupt again to kill all at once')
    shell.stopSignal().addEventListener('abort', () => {
      say('killed: all steps were ended where they were')
      abandon.abort()
    })
  })
  return { cancel, abandon: abandon.signal }
}

/** The status branch of the repository at `root`, fetched before anything runs: what is wrong with it is known at once. */
async function openStatusForRecord(root: string, branch: string, sign: CommitSigner | null): Promise<StatusBranch> {
  const folder = (await findRepositoryRoot(root)) ?? root
  const { status } = await openRepository({ url: folder, branch: null, statusBranch: branch, dataFolder: folder, orOfOrigin: true, sign })
  await status.fetchTip()
  return status
}

function givenParams(workflow: Workflow, words: readonly string[]): Record<string, unknown> {
  const parsed = parseParamWords(workflow.params, words)
  if (parsed.kind === 'Invalid') throw new UsageError(parsed.problems.join('; '))
  const resolved = resolveParams(workflow.params, parsed.values)
  if (resolved.kind === 'Invalid') throw new UsageError(resolved.problems.join('; '))
  return parsed.values
}

function describeMissing(
  name: string,
  definitions: { workflows: Workflow[]; invalidWorkflows: string[]; diagnostics: { severity: string }[] },
): string {
  if (definitions.invalidWorkflows.includes(name)) return `workflow ${name} is invalid: fusee validate shows why`
  const names = definitions.workflows.map((one) => one.name)
  const others = names.length === 0 ? 'there is none that is valid' : `there is ${names.join(', ')}`
  const broken = definitions.diagnostics.some((one) => one.severity === 'error') ? '; some files have errors, which fusee validate shows' : ''
  return `no workflow ${name}: ${others}${broken}`
}
