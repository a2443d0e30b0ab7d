import { join } from 'node:path'
import { afterAll, describe, it } from 'vitest'
import { checkObjects, findTip, importCommits, moveBranch, readBranchFiles } from '../support/git-program.ts'
import { SERVES_ALL } from '../support/git-served.ts'
import type { Sshd } from '../support/sshd.ts'
import { NO_SSHD, SSHD, startSshd } from '../support/sshd.ts'
import { describeGitPorts } from './git.ts'

/** One for all, since starting it takes longer than a test. */
let sshd: Promise<Sshd> | null = null
afterAll(async () => {
  await (await sshd)?.close()
})

if (SSHD === null) describe('git on ssh', () => it.skip(NO_SSHD, () => undefined))
else {
  describeGitPorts({
    name: 'ssh',
    links: true,
    async create() {
      sshd ??= startSshd()
      const served = await (await sshd).createRepository(SERVES_ALL)
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
  })
}
