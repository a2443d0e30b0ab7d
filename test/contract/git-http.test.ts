import { join } from 'node:path'
import { checkObjects, findTip, importCommits, moveBranch, readBranchFiles } from '../support/git-program.ts'
import { SERVES_ALL, serveRepository } from '../support/git-served.ts'
import { describeGitPorts } from './git.ts'
import type { GitContract } from './git-harness.ts'

interface ServerKind {
  name: string
  config: Readonly<Record<string, string>>
  versionZero?: boolean
}

const kinds: ServerKind[] = [
  { name: 'http with filters', config: SERVES_ALL },
  { name: 'http without filters', config: { 'http.receivepack': 'true' } },
  { name: 'http with protocol version 0', config: SERVES_ALL, versionZero: true },
]

for (const kind of kinds) describeGitPorts(contractOf(kind))

function contractOf({ name, config, versionZero = false }: ServerKind): GitContract {
  return {
    name,
    links: true,
    // A push is the same in every version.
    readOnly: versionZero,
    async create() {
      const served = await serveRepository({ config })
      served.server.faults.versionZero = versionZero
      let opened = 0
      return {
        open: ({ keepData = false } = {}) => served.open({ dataFolder: join(served.folder, keepData ? 'data' : `data-${opened++}`) }),
        push: (commits, options = {}) => importCommits(served.repository, commits, options),
        reset: (commit, branch) => moveBranch(served.repository, branch, commit),
        tip: (branch) => findTip(served.repository, `refs/heads/${branch}`),
        files: (branch) => readBranchFiles(served.repository, branch),
        check: () => checkObjects(served.repository),
        close: () => served.close(),
      }
    },
  }
}
