import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openRepository } from '../../src/git/open.ts'
import type { OpenedRepository } from '../../src/git/open.ts'
import { startGitHttpServer } from '../support/git-http-server.ts'
import { checkObjects, findTip, importCommits, moveBranch, readBranchFiles, runGit } from '../support/git-program.ts'
import type { GitContract, GitHarness } from './git-harness.ts'
import { describeGitPorts } from './git.ts'

interface Server {
  name: string
  config: Readonly<Record<string, string>>
  versionZero?: boolean
}

const FILTERS = { 'http.receivepack': 'true', 'uploadpack.allowFilter': 'true', 'uploadpack.allowAnySHA1InWant': 'true' }
const servers: Server[] = [
  { name: 'http with filters', config: FILTERS },
  { name: 'http without filters', config: { 'http.receivepack': 'true' } },
  { name: 'http with protocol version 0', config: FILTERS, versionZero: true },
]

for (const server of servers) describeGitPorts(contractOf(server))

function contractOf({ name, config, versionZero = false }: Server): GitContract {
  return {
    name,
    links: true,
    async create(): Promise<GitHarness> {
      const folder = await mkdtemp(join(tmpdir(), 'fusee-git-'))
      const repository = join(folder, 'served', 'repo.git')
      await runGit(folder, ['init', '--quiet', '--bare', '--initial-branch=main', repository])
      for (const [key, value] of Object.entries(config)) await runGit(repository, ['config', key, value])
      const server = await startGitHttpServer({ root: join(folder, 'served') })
      server.faults.versionZero = versionZero
      const opened: OpenedRepository[] = []
      let nowMs = 1_700_000_000_000
      return {
        async open({ keepData = false } = {}) {
          const dataFolder = join(folder, keepData ? 'data' : `data-${opened.length}`)
          const now = () => (nowMs += 1000)
          const ports = await openRepository({ url: `${server.url}/repo.git`, branch: null, statusBranch: 'fusee/status', dataFolder, now })
          opened.push(ports)
          return ports
        },
        push: (commits, options = {}) => importCommits(repository, commits, options),
        reset: (commit, branch) => moveBranch(repository, branch, commit),
        tip: (branch) => findTip(repository, `refs/heads/${branch}`),
        files: (branch) => readBranchFiles(repository, branch),
        check: () => checkObjects(repository),
        async close() {
          for (const ports of opened) ports.close()
          await server.close()
          await rm(folder, { recursive: true, force: true })
        },
      }
    },
  }
}
