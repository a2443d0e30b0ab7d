import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { Command, Option } from 'commander'
import { editorSchemas, ENTRY_SCHEMA } from './editor-schemas.ts'
import { type Shell, UsageError } from './shell.ts'

const DEFINITIONS = 'workflows'
const SCHEMAS = '.fusee/schemas'
const SETTINGS = '.vscode/settings.json'

/** What the YAML extension of VS Code reads: which files have which schema. */
const SETTING = { 'yaml.schemas': { [`./${SCHEMAS}/${ENTRY_SCHEMA}`]: [`${DEFINITIONS}/**/*.yaml`, `${DEFINITIONS}/**/*.yml`] } }

/** The first line tells editors with yaml-language-server, of which VS Code is only one, where the schema is. */
const FIRST_WORKFLOW = `# yaml-language-server: $schema=../${SCHEMAS}/${ENTRY_SCHEMA}
apiVersion: fusee.dev/v1alpha1
kind: Workflow
metadata:
  name: hello
spec:
  description: Two steps, each a Kubernetes Job. Start it with \`fusee run hello\`.
  params:
    name: {type: string, default: world}
  triggers:
    push: {paths: ["workflows/hello.yaml"]}
  defaults:
    image: busybox:1.36
    resources: {requests: {cpu: 50m, memory: 32Mi}}
  steps:
    - name: greet
      script: echo "hello $FUSEE_PARAM_NAME"
    - name: tell
      dependsOn: [greet]
      script: echo "$FUSEE_RUN is done"
`

interface Outcome {
  written: string[]
  /** What was there already, and stays as it is. */
  kept: string[]
  /** What people have to do by hand. */
  advice: string[]
}

/** `fusee init [DIR]`: a first workflow, and editor settings for the schemas. Nothing that is there already is changed, but for the copies of the schemas. */
export function createInitCommand(shell: Shell): Command {
  return new Command('init')
    .description('write a first workflow, and settings for editors that complete and explain definitions')
    .argument('[DIR]', "the repository's root; made when it is not there", '.')
    .addOption(new Option('--output <FORMAT>', 'text or json').choices(['text', 'json']).default('text'))
    .addHelpText('after', '\nExample:\n  fusee init .')
    .action(async (folder: string, { output }: { output: 'text' | 'json' }) => {
      const outcome = await initialise(path.resolve(shell.workingDirectory, folder))
      shell.stdout.write(output === 'json' ? `${JSON.stringify(outcome, null, 2)}\n` : describe(outcome, folder))
    })
}

async function initialise(root: string): Promise<Outcome> {
  const outcome: Outcome = { written: [], kept: [], advice: [] }
  try {
    for (const [name, text] of Object.entries(editorSchemas())) await write(`${SCHEMAS}/${name}`, text)
    await writeSettings()
    if ((await readdir(path.join(root, DEFINITIONS)).catch(() => [])).length > 0) outcome.kept.push(DEFINITIONS)
    else await write(`${DEFINITIONS}/hello.yaml`, FIRST_WORKFLOW)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new UsageError(`cannot write below ${root}: ${code ?? message}; name a folder that you may write to`, { cause: error })
  }
  return outcome

  async function write(file: string, text: string): Promise<void> {
    const place = path.join(root, file)
    if ((await readFile(place, 'utf8').catch(() => null)) === text) return void outcome.kept.push(file)
    await mkdir(path.dirname(place), { recursive: true })
    await writeFile(place, text)
    outcome.written.push(file)
  }

  async function writeSettings(): Promise<void> {
    const before = await readFile(path.join(root, SETTINGS), 'utf8').catch(() => null)
    if (before === null) return write(SETTINGS, `${JSON.stringify(SETTING, null, 2)}\n`)
    outcome.kept.push(SETTINGS)
    if (!before.includes(ENTRY_SCHEMA)) outcome.advice.push(`add to ${SETTINGS}: ${JSON.stringify(SETTING).slice(1, -1)}`)
  }
}

function describe({ written, kept, advice }: Outcome, folder: string): string {
  const at = folder === '.' ? '' : ` ${folder}`
  return [
    ...written.map((file) => `wrote ${file}`),
    ...kept.map((file) => `kept ${file} as it was`),
    ...advice,
    '',
    'Next:',
    `  fusee validate${at || ' .'}`,
    `  fusee run hello${folder === '.' ? '' : ` --repo${at}`}`,
    '  git add, commit and push; then fusee serve follows the repository, on Kubernetes or with --runner local',
    'Editors with the YAML extension (yaml-language-server) complete and explain definitions from now on.',
    '',
  ].join('\n')
}
