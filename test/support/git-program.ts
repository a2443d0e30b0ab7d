import type { CommitSha } from '../../src/git/ports.ts'
import { asCommitSha } from '../../src/git/ports.ts'
import { runApart } from './run-apart.ts'

/** Environment in which the git program behaves the same on every machine. */
export const GIT_ENVIRONMENT: NodeJS.ProcessEnv = {
  PATH: process.env.PATH,
  HOME: '/nonexistent',
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  GIT_AUTHOR_NAME: 'Test',
  GIT_AUTHOR_EMAIL: 'test@localhost',
  GIT_COMMITTER_NAME: 'Test',
  GIT_COMMITTER_EMAIL: 'test@localhost',
}

/** Runs the git program in a folder; its trimmed standard output. Rejects with its standard error. */
export async function runGit(folder: string, args: readonly string[], input: string | Uint8Array = ''): Promise<string> {
  const words = ['-c', 'safe.directory=*', '-C', folder, ...args]
  const { code, stdout, stderr } = await runApart({ program: 'git', args: words, env: GIT_ENVIRONMENT, input })
  if (code !== 0) throw new Error(`git ${args.join(' ')} ended with ${code}: ${stderr.toString()}`)
  return stdout.toString().trimEnd()
}

/** Files of a commit by path; null removes. */
export type GitFiles = Readonly<Record<string, string | null>>

/** A commit to make with the git program. */
export interface GitCommitOptions {
  branch?: string
  /** Default: the branch's tip. */
  from?: CommitSha | null
  /** Further parents. */
  merge?: readonly CommitSha[]
  message?: string
  atSeconds?: number
}

/** Makes commits with `git fast-import`, which needs no work tree, and moves the branch; the last one's id. */
export async function importCommits(folder: string, commits: readonly GitFiles[], options: GitCommitOptions = {}): Promise<CommitSha> {
  const ref = `refs/heads/${options.branch ?? 'main'}`
  const from = options.from === undefined ? await findTip(folder, ref) : options.from
  const lines: string[] = ['feature done']
  commits.forEach((files, index) => {
    const message = options.message ?? `change ${index}`
    lines.push(`commit ${ref}`, `committer Test <test@localhost> ${(options.atSeconds ?? 1_700_000_000) + index} +0000`, data(message))
    if (index === 0 && from !== null) lines.push(`from ${from}`)
    if (index === 0) for (const parent of options.merge ?? []) lines.push(`merge ${parent}`)
    for (const [path, content] of Object.entries(files)) {
      if (content === null) lines.push(`D ${path}`)
      else if (content.startsWith('-> ')) lines.push(`M 120000 inline ${path}`, data(content.slice(3)))
      else lines.push(`M 100644 inline ${path}`, data(content))
    }
  })
  await runGit(folder, ['fast-import', '--quiet', '--force', '--done'], [...lines, 'done', ''].join('\n'))
  return asCommitSha(await runGit(folder, ['rev-parse', ref]))
}

function data(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}`
}

/** Where a ref is; null when it is not there. */
export async function findTip(folder: string, ref: string): Promise<CommitSha | null> {
  const line = await runGit(folder, ['for-each-ref', '--format=%(objectname)', ref])
  return line === '' ? null : asCommitSha(line)
}

/** Moves a branch; null deletes it. */
export async function moveBranch(folder: string, branch: string, commit: CommitSha | null): Promise<void> {
  const ref = `refs/heads/${branch}`
  await runGit(folder, commit === null ? ['update-ref', '-d', ref] : ['update-ref', ref, commit])
}

/** All files of a branch as text, sorted by path; empty when there is no branch. */
export async function readBranchFiles(folder: string, branch: string): Promise<Map<string, string>> {
  if ((await findTip(folder, `refs/heads/${branch}`)) === null) return new Map()
  const paths = (await runGit(folder, ['ls-tree', '-r', '-z', '--name-only', branch])).split('\0').filter((path) => path !== '')
  const mark = '--- one more file'
  const asked = paths.sort().map((path) => `${branch}:${path}\n`)
  const texts = (await runGit(folder, ['cat-file', `--batch=${mark}`], asked.join(''))).split(`${mark}\n`).slice(1)
  return new Map(paths.map((path, index) => [path, (texts[index] ?? '').trimEnd()]))
}

/** Rejects when an object, or a way from a branch to one, is not as git wants it. Heads of worktrees may be unborn. */
export async function checkObjects(folder: string): Promise<void> {
  const tips = (await runGit(folder, ['for-each-ref', '--format=%(objectname)'])).split('\n').filter((tip) => tip !== '')
  await runGit(folder, ['fsck', '--strict', '--no-dangling', ...tips])
}
