import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { resolveStatusPlace, type StatusOptions, type StatusPlace } from '../../../src/cli/status-place.ts'
import { removeFolder } from '../../support/remove-folder.ts'

let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'fusee-place-'))
  for (const secret of ['source', 'records']) {
    await mkdir(path.join(folder, 'secrets', secret), { recursive: true })
    await writeFile(path.join(folder, 'secrets', secret, 'bearerToken'), `${secret}-token\n`)
  }
  await write('plain.yaml', 'url: https://git.example.com/a.git, secretRef: {name: source}, history: {branch: other/status}')
  await write(
    'elsewhere.yaml',
    'url: https://git.example.com/a.git, secretRef: {name: source}, history: {url: /records.git, secretRef: {name: records}}',
  )
})

afterAll(() => removeFolder(folder))

function write(file: string, spec: string): Promise<void> {
  const text = `apiVersion: fusee.dev/v1alpha1\nkind: Repository\nmetadata: {name: jobs}\nspec: {${spec}}\n`
  return writeFile(path.join(folder, file), text)
}

function resolve(options: StatusOptions): Promise<StatusPlace> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  return resolveStatusPlace(
    { stdout, stderr, env: {}, workingDirectory: folder, exitCode: 0, stopSignal: () => new AbortController().signal },
    options,
  )
}

describe('the status branch that options name', () => {
  const source = { bearerToken: 'source-token' }
  const cases: { title: string; options: StatusOptions; want: Omit<StatusPlace, 'signingSecret'> & { signingSecret?: string } }[] = [
    { title: 'nothing at all', options: {}, want: { url: '.', branch: 'fusee/status', credentials: {} } },
    { title: 'a folder and a branch', options: { repo: 'jobs', branch: 'b' }, want: { url: 'jobs', branch: 'b', credentials: {} } },
    {
      title: 'a document and its Secret',
      options: { repository: 'plain.yaml', secrets: 'secrets' },
      want: { url: 'https://git.example.com/a.git', branch: 'other/status', credentials: source },
    },
    {
      title: 'a document whose history lies elsewhere',
      options: { repository: 'elsewhere.yaml', secrets: 'secrets' },
      want: { url: '/records.git', branch: 'fusee/status', credentials: { bearerToken: 'records-token' } },
    },
    {
      title: 'another URL than the document has',
      options: { repository: 'plain.yaml', secrets: 'secrets', repo: 'ssh://git.example.com/b.git', branch: 'b' },
      want: { url: 'ssh://git.example.com/b.git', branch: 'b', credentials: source },
    },
  ]
  it.each(cases)('is found by $title', async ({ options, want }) => {
    const url = /^(\/|[a-z]+:)/.test(want.url) ? want.url : path.resolve(folder, want.url)
    expect(await resolve(options)).toEqual({ signingSecret: null, ...want, url })
  })

  it.each([
    { title: 'no folder of Secrets', options: { repository: 'plain.yaml' }, want: 'the Repository names the Secret source: say with --secrets DIR' },
    { title: 'no such Secret', options: { repository: 'plain.yaml', secrets: '.' }, want: 'no Secret source in ' },
    { title: 'no such document', options: { repository: 'nowhere.yaml' }, want: 'nowhere.yaml: there is no such file' },
  ])('is not found with $title', async ({ options, want }) => {
    await expect(resolve(options)).rejects.toThrow(want)
  })
})
