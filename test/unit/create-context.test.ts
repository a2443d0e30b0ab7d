import { mkdir, mkdtemp, readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { resolveServeConfig } from '../../src/config/serve-config.ts'
import { createLocalContext } from '../../src/create-context.ts'
import { removeFolder } from '../support/remove-folder.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'fusee-context-'))
})
afterEach(() => removeFolder(folder))

const remote = 'https://git.example.com/acme/jobs.git'

it.each([
  { repo: remote, history: undefined, want: ['log', 'review', 'source', 'status'] },
  { repo: '.', history: undefined, want: [] },
  { repo: '.', history: remote, want: ['log', 'review', 'status'] },
  { repo: remote, history: '.', want: ['source'] },
])('of what was fetched, what is followed now is kept: $repo, records in $history', async ({ repo, history, want }) => {
  for (const name of ['log', 'review', 'source', 'status']) await mkdir(path.join(folder, 'git', name), { recursive: true })
  const config = resolveServeConfig({
    repo,
    document: null,
    data: folder,
    listen: undefined,
    secrets: undefined,
    env: {},
    workingDirectory: folder,
  })
  const place = history === undefined ? null : { url: history, credentialsSecret: null }
  const open = await createLocalContext({ ...config, history: place }, {}, () => undefined)
  await open.close()
  expect((await readdir(path.join(folder, 'git'))).sort()).toEqual(want)
})
