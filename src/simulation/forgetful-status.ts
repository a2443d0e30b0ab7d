import type { CommitSha, StatusBranch } from '../git/ports.ts'
import { asCommitSha } from '../git/ports.ts'
import { OWNER_PATH } from '../history/paths.ts'

/** A status branch that takes every commit and keeps nothing but who owns it: what is written to it is nobody's to read. */
export function createForgetfulStatus(): StatusBranch {
  let tip: CommitSha | null = null
  let owner: Uint8Array | null = null
  let commits = 0
  return {
    fetchTip: () => Promise.resolve(tip),
    read: (path) => Promise.resolve(path === OWNER_PATH ? owner : null),
    list: () => Promise.resolve([]),
    folderId: () => Promise.resolve(null),
    isSigned: () => Promise.resolve(false),
    commit(_parent, changes) {
      owner = changes.get(OWNER_PATH) ?? owner
      tip = asCommitSha((++commits).toString(16).padStart(40, '0'))
      return Promise.resolve(tip)
    },
  }
}
