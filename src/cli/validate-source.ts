import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Files } from '../definitions/files.ts'
import { openRepository, parseRepositoryUrl } from '../git/open.ts'
import { resolveCommit } from '../git/resolve-commit.ts'
import { createWorkingTreeFiles } from '../git/working-tree.ts'
import { checkFolder } from './check-folder.ts'
import { type Shell, UsageError } from './shell.ts'
import { orWrongUse } from './wrong-use.ts'

/** Which version of which repository. */
export interface SourceOptions {
  /** A folder, or a URL. */
  place: string
  commit: string | undefined
  branch: string | undefined
}

/** Files to check. `root` is the folder of this machine that they are the working tree of; null for a commit or a remote. */
export interface ValidateSource {
  files: Files
  root: string | null
}

/** Hands the files over as long as `work` lasts. A remote is fetched into a folder that goes afterwards. Throws GitError, UsageError. */
export async function withSource(
  shell: Shell,
  { place, commit, branch }: SourceOptions,
  work: (source: ValidateSource) => Promise<void>,
): Promise<void> {
  const { kind } = await orWrongUse(() => parseRepositoryUrl(place))
  if (kind !== 'folder') return withRemote(shell, place, commit, branch, work)
  const root = path.resolve(shell.workingDirectory, place)
  await checkFolder(root, place)
  const name = commit ?? branch
  if (name === undefined) return work({ files: createWorkingTreeFiles(root), root })
  return work({ files: (await orWrongUse(() => resolveCommit(root, name))).files, root: null })
}

async function withRemote(
  shell: Shell,
  url: string,
  commit: string | undefined,
  branch: string | undefined,
  work: (source: ValidateSource) => Promise<void>,
): Promise<void> {
  if (commit !== undefined) throw new UsageError('--commit names a commit of a local repository; of a URL a branch is checked: --branch NAME')
  const dataFolder = await mkdtemp(path.join(tmpdir(), 'fusee-validate-'))
  try {
    const repository = await openRepository({ url, branch: branch ?? null, statusBranch: 'fusee/status', dataFolder, proxies: shell.env })
    try {
      await work({ files: repository.source.filesAt(await repository.source.fetchTip(shell.stopSignal())), root: null })
    } finally {
      await repository.close()
    }
  } finally {
    await rm(dataFolder, { recursive: true, force: true })
  }
}
