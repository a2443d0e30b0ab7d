import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FUSEE_AUTHOR } from '../../src/git/build-commit.ts'
import { createLocalRepository, createLocalSource, createLocalStatus } from '../../src/git/local.ts'
import { checkObjects, findTip, importCommits, moveBranch, readBranchFiles, runGit } from '../support/git-program.ts'
import type { GitContract, GitHarness } from './git-harness.ts'
import { describeGitPorts } from './git.ts'
import { removeFolder } from '../support/remove-folder.ts'

type Prepare = (folder: string) => Promise<{ repository: string; opened: string }>

const kinds: { name: string; prepare: Prepare }[] = [
  {
    name: 'a bare repository',
    async prepare(folder) {
      await runGit(folder, ['init', '--quiet', '--bare', '--initial-branch=main', 'bare'])
      return { repository: join(folder, 'bare'), opened: join(folder, 'bare') }
    },
  },
  {
    name: 'a worktree',
    async prepare(folder) {
      await runGit(folder, ['init', '--quiet', '--initial-branch=main', 'checkout'])
      const checkout = join(folder, 'checkout')
      const empty = await runGit(checkout, ['commit-tree', '-m', 'side', '4b825dc642cb6eb9a060e54bf8d69288fbee4904'])
      await runGit(checkout, ['worktree', 'add', '--quiet', '--detach', join(folder, 'tree'), empty])
      await runGit(join(folder, 'tree'), ['symbolic-ref', 'HEAD', 'refs/heads/main'])
      return { repository: checkout, opened: join(folder, 'tree') }
    },
  },
]

for (const { name, prepare } of kinds) describeGitPorts(contractOf(name, prepare))

function contractOf(name: string, prepare: Prepare): GitContract {
  return {
    name,
    links: true,
    async create(): Promise<GitHarness> {
      const folder = await mkdtemp(join(tmpdir(), 'fusee-git-'))
      const { repository, opened } = await prepare(folder)
      let nowMs = 1_700_000_000_000
      return {
        async open() {
          const local = createLocalRepository(opened)
          const style = { author: FUSEE_AUTHOR, now: () => (nowMs += 1000), sign: null }
          return { source: createLocalSource(local, opened, null), status: createLocalStatus(local, opened, 'fusee/status', style) }
        },
        push: (commits, options = {}) => importCommits(repository, commits, options),
        reset: (commit, branch) => moveBranch(repository, branch, commit),
        tip: (branch) => findTip(repository, `refs/heads/${branch}`),
        files: (branch) => readBranchFiles(repository, branch),
        async check() {
          await checkObjects(repository)
        },
        close: () => removeFolder(folder),
      }
    },
  }
}
