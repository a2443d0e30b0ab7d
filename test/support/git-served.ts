import { appendFile, chmod, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { OpenRepositoryOptions, OpenedRepository } from '../../src/git/open.ts'
import { openRepository } from '../../src/git/open.ts'
import type { GitHttpServer, GitServerOptions } from './git-http-server.ts'
import { startGitHttpServer } from './git-http-server.ts'
import { runGit } from './git-program.ts'
import { removeFolder } from './remove-folder.ts'

/** Settings of a repository that serves everything we can use. */
export const SERVES_ALL = { 'http.receivepack': 'true', 'uploadpack.allowFilter': 'true', 'uploadpack.allowAnySHA1InWant': 'true' }

/** A bare repository behind a server on loopback, and a folder for all that belongs to it. */
export interface ServedRepository {
  /** Deleted by `close`. */
  folder: string
  /** The bare repository, for the git program. */
  repository: string
  server: GitHttpServer
  url: string
  /** Opens it over HTTP; the data folder is `data` unless it is said otherwise. */
  open(options?: Partial<OpenRepositoryOptions>): Promise<OpenedRepository>
  /** Installs a hook of the server's repository: a shell script without its first line. */
  hook(name: string, script: string): Promise<void>
  close(): Promise<void>
}

/** Starts one. */
export async function serveRepository(
  options: Omit<GitServerOptions, 'root'> & { config?: Readonly<Record<string, string>> } = {},
): Promise<ServedRepository> {
  const folder = await mkdtemp(join(tmpdir(), 'fusee-git-'))
  const repository = join(folder, 'served', 'repo.git')
  await runGit(folder, ['init', '--quiet', '--bare', '--initial-branch=main', repository])
  await appendFile(join(repository, 'config'), configText(options.config ?? SERVES_ALL))
  const server = await startGitHttpServer({ ...options, root: join(folder, 'served') })
  const url = `${server.url}/repo.git`
  const opened: OpenedRepository[] = []
  let nowMs = 1_700_000_000_000
  return {
    folder,
    repository,
    server,
    url,
    async open(changed = {}) {
      const now = () => (nowMs += 1000)
      const ports = await openRepository({ url, branch: null, statusBranch: 'fusee/status', dataFolder: join(folder, 'data'), now, ...changed })
      opened.push(ports)
      return ports
    },
    async hook(name, script) {
      const path = join(repository, 'hooks', name)
      await writeFile(path, `#!/bin/sh\n${script}\n`)
      await chmod(path, 0o755)
    },
    async close() {
      await Promise.all(opened.map((ports) => ports.close()))
      await server.close()
      await removeFolder(folder)
    },
  }
}

function configText(config: Readonly<Record<string, string>>): string {
  const lines = Object.entries(config).map(([key, value]) => `[${key.split('.')[0] ?? ''}]\n\t${key.split('.')[1] ?? ''} = ${value}\n`)
  return lines.join('')
}
