import type { ChildProcess } from 'node:child_process'
import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Credentials } from '../../src/git/credentials.ts'
import type { OpenRepositoryOptions, OpenedRepository } from '../../src/git/open.ts'
import { openRepository } from '../../src/git/open.ts'
import { runGit } from './git-program.ts'
import { removeFolder } from './remove-folder.ts'

const run = promisify(execFile)

/** Where the server's program lies; null where it is not installed. It must be started by its whole path. */
export const SSHD = ['/usr/sbin/sshd', '/usr/local/sbin/sshd', '/usr/bin/sshd', '/opt/homebrew/sbin/sshd'].find((path) => existsSync(path)) ?? null

/** Says so in the list of tests, because a contract that nobody has checked must not look like one that holds. */
export const NO_SSHD = 'SKIPPED, because sshd is not installed here (apt-get install openssh-server)'

/** A real sshd on loopback, and a key that it lets in. */
export interface Sshd {
  /** Deleted by `close`. */
  folder: string
  port: number
  credentials: Required<Pick<Credentials, 'identity' | 'knownHosts'>>
  /** Makes a key pair in the folder with ssh-keygen; the path of the private half. */
  createKey(name: string, options?: { type?: string; passphrase?: string }): Promise<string>
  /** Makes an empty bare repository that can be reached through it. */
  createRepository(config?: Readonly<Record<string, string>>): Promise<SshRepository>
  close(): Promise<void>
}

/** A repository behind it. */
export interface SshRepository {
  /** Deleted by `close`. */
  folder: string
  /** The bare repository, for the git program. */
  repository: string
  /** `ssh://` and all, at the server's port or another one. */
  url(port?: number): string
  open(options?: Partial<OpenRepositoryOptions>): Promise<OpenedRepository>
  close(): Promise<void>
}

/** Starts one; with `versionZero` clients cannot ask for version 2 of git's protocol. */
export async function startSshd({ versionZero = false } = {}): Promise<Sshd> {
  if (SSHD === null) throw new Error(NO_SSHD)
  const folder = await mkdtemp(join(tmpdir(), 'fusee-ssh-'))
  const createKey: Sshd['createKey'] = async (name, { type = 'ed25519', passphrase = '' } = {}) => {
    const path = join(folder, name)
    await run('ssh-keygen', ['-q', '-t', type, '-N', passphrase, '-C', name, '-f', path])
    return path
  }
  const hostKey = await createKey('host')
  const identity = await createKey('identity')
  const port = await findFreePort()
  await writeFile(join(folder, 'sshd_config'), configText(folder, { port, hostKey, versionZero }))
  if (userInfo().uid === 0) await mkdir('/run/sshd', { recursive: true })
  const hostLine = (await readFile(`${hostKey}.pub`, 'utf8')).split(' ').slice(0, 2).join(' ')
  const credentials = { identity: await readFile(identity, 'utf8'), knownHosts: `[127.0.0.1]:* ${hostLine}\n` }
  const server = await startServer(folder)
  let repositories = 0
  return {
    folder,
    port,
    credentials,
    createKey,
    async createRepository(config = {}) {
      const own = join(folder, `it's number ${repositories++}`)
      const repository = join(own, 'repo.git')
      await runGit(folder, ['init', '--quiet', '--bare', '--initial-branch=main', repository])
      for (const [key, value] of Object.entries(config)) await runGit(repository, ['config', key, value])
      return describeRepository({ folder: own, repository, port, credentials })
    },
    async close() {
      // Its sessions are processes of their own: each ends when its client is gone.
      const ended = new Promise((resolve) => server.on('exit', resolve))
      server.kill()
      await ended
      await removeFolder(folder)
    },
  }
}

function describeRepository({
  folder,
  repository,
  port,
  credentials,
}: Pick<SshRepository, 'folder' | 'repository'> & Pick<Sshd, 'port' | 'credentials'>): SshRepository {
  const url = (at = port): string => `ssh://${userInfo().username}@127.0.0.1:${at}${encodeURI(repository)}`
  const opened: OpenedRepository[] = []
  let nowMs = 1_700_000_000_000
  return {
    folder,
    repository,
    url,
    async open(changed = {}) {
      const now = (): number => (nowMs += 1000)
      const dataFolder = join(folder, 'data')
      const ports = await openRepository({ url: url(), branch: null, statusBranch: 'fusee/status', dataFolder, now, credentials, ...changed })
      opened.push(ports)
      return ports
    },
    async close() {
      await Promise.all(opened.map((ports) => ports.close()))
      await removeFolder(folder)
    },
  }
}

async function startServer(folder: string): Promise<ChildProcess> {
  const server = spawn(SSHD ?? '', ['-D', '-e', '-f', join(folder, 'sshd_config')], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  await new Promise<void>((resolve, reject) => {
    server.stderr?.on('data', (bytes: Buffer) => {
      said += bytes.toString()
      if (said.includes('Server listening')) resolve()
    })
    server.on('error', reject).on('close', () => reject(new Error(`sshd has ended: ${said}`)))
  })
  return server
}

function configText(folder: string, { port, hostKey, versionZero }: { port: number; hostKey: string; versionZero: boolean }): string {
  const lines = [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${hostKey}`,
    `AuthorizedKeysFile ${join(folder, 'identity.pub')}`,
    'PidFile none',
    'UsePAM no',
    'StrictModes no',
    'PermitRootLogin yes',
    'PasswordAuthentication no',
    // With a level of its own bash does not take itself for the first shell of a session: it would read the user's .bashrc for each command.
    'SetEnv GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null SHLVL=1',
    ...(versionZero ? [] : ['AcceptEnv GIT_PROTOCOL']),
  ]
  return `${lines.join('\n')}\n`
}

async function findFreePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
