import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { LanguageServer } from '../support/language-server.ts'
import { runCli } from '../support/run-cli.ts'
import { removeFolder } from '../support/remove-folder.ts'

let root = ''
let server: LanguageServer

/** The workflow that `fusee init` writes, as text and by its lines. */
let text = ''
const lineOf = (start: string): number => text.split('\n').findIndex((line) => line.trim().startsWith(start))

beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'fusee-editors-'))
  await runCli(['init', root])
  text = await readFile(path.join(root, 'workflows/hello.yaml'), 'utf8')
  server = await LanguageServer.start(root)
})
afterAll(async () => {
  await server.stop()
  await removeFolder(root)
})

it('what fusee init wires up makes editors underline mistakes, of fields of Kubernetes too', async () => {
  expect(await server.open(path.join(root, 'workflows/hello.yaml'), text)).toEqual([])
  const wrong = text.replace('script: echo "$FUSEE_RUN', 'comand: [sh]\n      imagePullPolicy: Sometimes\n      script: echo "$FUSEE_RUN')
  const found = await server.open(path.join(root, 'workflows/wrong.yaml'), wrong)
  expect(found.join('\n')).toContain('comand')
  expect(found.join('\n')).toContain('IfNotPresent')
})

it('and makes them explain and complete fields', async () => {
  const file = path.join(root, 'workflows/hello.yaml')
  await server.open(file, text)
  const line = lineOf('dependsOn:')
  const explained = await server.hover(file, { line, character: 8 })
  expect(explained).toContain('Steps of the same list that come before this one.')
  expect(explained).toContain('when: Failed')
  expect(await server.hover(file, { line: lineOf('resources:'), character: 6 })).not.toBe('')
  const proposed = path.join(root, 'workflows/proposed.yaml')
  await server.open(proposed, text.replace('      dependsOn: [greet]', '      re'))
  expect(await server.complete(proposed, { line, character: 8 })).toEqual(expect.arrayContaining(['results', 'retries', 'resources']))
})
