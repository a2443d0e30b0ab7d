import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { OpenRepositoryOptions, OpenedRepository } from '../../src/git/open.ts'
import { openRepository } from '../../src/git/open.ts'
import { runGit } from './git-program.ts'
import { removeFolder } from './remove-folder.ts'

/** A checkout on this disk. */
export interface CheckedOutRepository {
  /** Deleted by `close`. */
  folder: string
  /** The checkout, `folder/checkout`. */
  checkout: string
  open(options?: Partial<OpenRepositoryOptions>): Promise<OpenedRepository>
  close(): Promise<void>
}

/** Makes an empty one on branch main. */
export async function createCheckout(): Promise<CheckedOutRepository> {
  const folder = await mkdtemp(join(tmpdir(), 'fusee-git-'))
  const checkout = join(folder, 'checkout')
  await runGit(folder, ['init', '--quiet', '--initial-branch=main', checkout])
  let nowMs = 1_700_000_000_000
  return {
    folder,
    checkout,
    open: (changed = {}) =>
      openRepository({
        url: checkout,
        branch: null,
        statusBranch: 'fusee/status',
        dataFolder: join(folder, 'data'),
        now: () => (nowMs += 1000),
        ...changed,
      }),
    close: () => removeFolder(folder),
  }
}
