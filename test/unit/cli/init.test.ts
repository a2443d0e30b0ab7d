import { mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Ajv } from 'ajv'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { parse } from 'yaml'
import { runCli } from '../../support/run-cli.ts'
import { removeFolder } from '../../support/remove-folder.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'fusee-init-'))
})
afterEach(() => removeFolder(folder))

const init = (...words: string[]) => runCli(['init', ...words, folder])
const read = (file: string) => readFile(path.join(folder, file), 'utf8')

it('fusee init writes a workflow that is valid without a warning, and says what to do next', async () => {
  const { code, stdout, stderr } = await init()
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(/^wrote \.fusee\/schemas\/definition\.schema\.json$/m)
  expect(stdout).toContain(`fusee run hello --repo ${folder}`)
  expect(await runCli(['validate', folder])).toEqual({ code: 0, stdout: 'no problems\nworkflows: 1 valid, schedules: 0 valid\n', stderr: '' })
})

it('fusee init wires up editors: settings and first line lead to a schema that lies there, whole, and needs no network', async () => {
  await init()
  const settings = JSON.parse(await read('.vscode/settings.json')) as { 'yaml.schemas': Record<string, string[]> }
  const [schema = ''] = Object.keys(settings['yaml.schemas'])
  const line = /^# yaml-language-server: \$schema=(.*)$/m.exec(await read('workflows/hello.yaml'))?.[1] ?? ''
  expect(path.join(folder, schema)).toBe(path.join(folder, 'workflows', line))

  const names = await readdir(path.join(folder, '.fusee/schemas'))
  expect(await read('.fusee/schemas/workflow.schema.json')).toContain('"title": "Step"')
  const ajv = new Ajv({ strict: false })
  for (const name of names) ajv.addSchema(JSON.parse(await read(`.fusee/schemas/${name}`)) as object, name)
  const fits = ajv.getSchema(path.basename(schema))
  expect(fits?.(parse(await read('workflows/hello.yaml')))).toBe(true)
  const head = { apiVersion: 'fusee.dev/v1alpha1', metadata: { name: 'a' } }
  expect(fits?.({ ...head, kind: 'Schedule', spec: { workflow: 'hello', cron: '@daily' } })).toBe(true)
  expect(fits?.({ ...head, kind: 'Schedule', spec: { workflow: 'hello', crn: '@daily' } })).toBe(false)
  expect(fits?.({ ...head, kind: 'Workflow', spec: { steps: [{ name: 'a', comand: ['x'] }] } })).toBe(false)
  expect(fits?.({ ...head, kind: 'Workflow', spec: { steps: [{ name: 'a', resources: { limts: {} } }] } })).toBe(false)
  expect(fits?.({ ...head, kind: 'StepTemplate', spec: {} })).toBe(false)
  expect(fits?.({ apiVersion: 'v1', kind: 'ConfigMap', data: {} })).toBe(true)
})

it('fusee init leaves alone what is there, and says what is to be added by hand', async () => {
  await mkdir(path.join(folder, 'workflows'))
  await mkdir(path.join(folder, '.vscode'))
  await writeFile(path.join(folder, 'workflows/mine.yaml'), 'mine')
  await writeFile(path.join(folder, '.vscode/settings.json'), '{ /* mine */ }')
  const { kept, advice } = JSON.parse((await init('--output', 'json')).stdout) as { kept: string[]; advice: string[] }
  expect(kept).toEqual(['.vscode/settings.json', 'workflows'])
  expect(advice).toEqual([expect.stringContaining('add to .vscode/settings.json: "yaml.schemas"')])
  expect(await read('.vscode/settings.json')).toBe('{ /* mine */ }')
  expect(await readdir(path.join(folder, 'workflows'))).toEqual(['mine.yaml'])
})

it('fusee init is no use on a file', async () => {
  await writeFile(path.join(folder, 'file'), '')
  const { code, stderr } = await runCli(['init', path.join(folder, 'file')])
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/^fusee: cannot write below .*file: \w+; name a folder/) as string })
})
