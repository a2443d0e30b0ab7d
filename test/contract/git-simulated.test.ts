import { createSimulatedGit } from '../../src/git/simulated.ts'
import { describeGitPorts } from './git.ts'

describeGitPorts({
  name: 'the simulated repository',
  links: false,
  async create() {
    let nowMs = 1_700_000_000_000
    const git = createSimulatedGit({ now: () => (nowMs += 1000) })
    return {
      open: async () => git.open(),
      async push(commits, { branch = 'main', merge = [], message = 'change' } = {}) {
        let last = null
        for (const [index, files] of commits.entries()) last = await git.pushCommit(files, message, { branch, parents: index === 0 ? merge : [] })
        if (last === null) throw new TypeError('no commit to push')
        return last
      },
      reset: async (commit, branch) => git.reset(commit, branch),
      tip: async (branch) => git.tip(branch),
      files: (branch) => git.readFiles(branch),
      check: async () => undefined,
      close: async () => undefined,
    }
  },
})
