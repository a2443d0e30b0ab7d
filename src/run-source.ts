import type { Definitions } from './definitions/workflow.ts'
import type { Files } from './definitions/files.ts'
import { loadDefinitions } from './definitions/load-definitions.ts'
import { findRepositoryRoot, readHeadCommit } from './git/repository-root.ts'
import { resolveCommit } from './git/resolve-commit.ts'
import { createWorkingTreeFiles } from './git/working-tree.ts'
import { repositoryNameOf } from './config/repository-name.ts'

/** What `fusee run` runs. */
export interface RunSource {
  files: Files
  definitions: Definitions
  /** Of the files, or of HEAD when they are the working tree's; zeros outside of a repository. */
  commit: string
  /** Name of the Repository. */
  repository: string
}

const NO_COMMIT = '0'.repeat(40)

/** Reads the working tree of `root`, or one commit of the repository there. Throws GitError. */
export async function readRunSource({ root, path, commit }: { root: string; path: string; commit: string | null }): Promise<RunSource> {
  const repository = repositoryNameOf((await findRepositoryRoot(root)) ?? root)
  if (commit === null) {
    const files = createWorkingTreeFiles(root)
    return { files, repository, definitions: await loadDefinitions(files, { path }), commit: (await readHeadCommit(root)) ?? NO_COMMIT }
  }
  const resolved = await resolveCommit(root, commit)
  return { files: resolved.files, repository, definitions: await loadDefinitions(resolved.files, { path }), commit: resolved.commit }
}
