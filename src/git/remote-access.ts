import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { NOTHING, download, isWorthAnotherWay, refusalAsMissing } from './download.ts'
import { storageError } from './failures.ts'
import type { CommitAccess } from './object-reader.ts'
import { MissingObjectError } from './object-reader.ts'
import { createObjectStore } from './object-store.ts'
import type { ObjectStore } from './object-store.ts'
import { GitError } from './ports.ts'
import type { DeeperHistory } from './read-source.ts'
import type { RemoteBranch } from './remote-branch.ts'
import { downloadById } from './remote-branch.ts'
import { makeFolder } from './write-file.ts'

/** How many blobs one request asks for: some 50 KB of ids. */
const MOST_BLOBS = 1000
/** How deep to look for an older tip when the data folder was lost, one step after the other. */
const DEEPENING = [256, 4096, 65536]

/** A blob that somebody waits for. */
interface WantedBlob {
  id: string
  /** Of the request of another one that has asked for this one too. */
  failure: { error: unknown } | null
}

/** Reads what is here and fetches what is not: commits by their ids, blobs together with those that are likely to be read next. */
export function createRemoteAccess(branch: RemoteBranch): CommitAccess {
  /** Asked for and not here: one request takes all that wait, and fails them all where it fails: none of them tries again by itself. */
  const waiting = new Set<WantedBlob>()
  /** Known to be here: of thousands of files that are listed again with each commit, only the others are looked for. */
  let present: { store: ObjectStore; ids: Set<string> } | null = null

  /** A whole commit, whatever else is here; so it also replaces objects that have gone missing. */
  async function bringCommit(commit: string): Promise<ObjectStore> {
    return branch.oneAtATime(async () => {
      const here = await branch.current()
      const filtered = here?.state.filtered ?? (await branch.uploadPack.canFilter())
      if (here === null) return (await refusalAsMissing(commit, branch.where, () => branch.startAnew(commit, filtered))).store
      await downloadById(branch, here, commit, { ...NOTHING, depth: 1, filter: await branch.chooseFilter(filtered) })
      return here.store
    })
  }

  async function bringBlob(id: string, others: readonly string[]): Promise<void> {
    const here = await branch.current()
    if (here === null) throw new MissingObjectError(id, branch.where)
    if (await here.store.has(id)) return
    if (present?.store !== here.store) present = { store: here.store, ids: new Set() }
    const asked = [...waiting]
    const wants = await chooseBlobs(present, id, [...asked.map((one) => one.id), ...others])
    try {
      await download(branch.uploadPack, branch.where, here, { ...NOTHING, wants })
    } catch (error) {
      if (isWorthAnotherWay(error)) return bringBlobAlone(id)
      const failed = new Set(wants)
      for (const one of asked) if (failed.has(one.id)) one.failure = { error }
      throw error
    }
  }

  async function bringBlobAlone(id: string): Promise<void> {
    const here = await branch.current()
    if (here === null) throw new MissingObjectError(id, branch.where)
    try {
      await downloadById(branch, here, id, NOTHING)
    } catch (error) {
      if (!(error instanceof MissingObjectError) || !here.state.filtered) throw error
      // A server that leaves blobs out but does not give them by id: then all of them at once.
      await branch.startAnew(here.state.tip, false)
    }
  }

  return {
    async at(commit, read) {
      const here = await branch.current()
      if (here !== null) {
        try {
          return await read(here.store, (await here.store.commit(commit)).tree)
        } catch (error) {
          if (!(error instanceof MissingObjectError)) throw doubtIfBroken(branch, error)
        }
      }
      const store = await bringCommit(commit)
      return read(store, (await store.commit(commit)).tree)
    },
    async blob(id, alsoWanted) {
      const found = await findBlob(branch, id)
      if (found !== null) return found
      const own: WantedBlob = { id, failure: null }
      waiting.add(own)
      try {
        await branch.oneAtATime(async () => {
          if (own.failure !== null) throw own.failure.error
          await bringBlob(id, alsoWanted())
        })
      } finally {
        waiting.delete(own)
      }
      const brought = await findBlob(branch, id)
      if (brought === null) throw new MissingObjectError(id, branch.where)
      return brought
    },
  }
}

async function findBlob(branch: RemoteBranch, id: string): Promise<Uint8Array | null> {
  const here = await branch.current()
  try {
    return here === null ? null : await here.store.blob(id)
  } catch (error) {
    if (error instanceof MissingObjectError) return null
    throw doubtIfBroken(branch, error)
  }
}

/** The error; when it says that the copy on this disk is broken, the copy will be replaced. */
function doubtIfBroken(branch: RemoteBranch, error: unknown): unknown {
  if (error instanceof GitError && (error.kind === 'Corrupt' || error.kind === 'ObjectNotFound')) branch.doubt()
  return error
}

async function chooseBlobs(present: { store: ObjectStore; ids: Set<string> }, id: string, others: readonly string[]): Promise<string[]> {
  const wants = [id]
  for (const other of new Set(others)) {
    if (wants.length >= MOST_BLOBS) break
    if (other === id || present.ids.has(other)) continue
    if (await present.store.has(other)) present.ids.add(other)
    else wants.push(other)
  }
  return wants
}

/** History before what is here, commits only where the remote can send them alone. It is not kept. */
export function createDeeperHistory(branch: RemoteBranch): DeeperHistory {
  return {
    async *deepen(commit) {
      const here = await branch.current()
      if (here === null) return
      // Apart from the rest, because commits without their trees must not pass for commits that are here.
      const folder = join(here.folder, 'history')
      const store = createObjectStore({ folders: [here.folder, folder], where: branch.where, shared: false })
      const filter = (await branch.uploadPack.canFilter()) ? 'tree:0' : null
      try {
        for (const depth of DEEPENING) {
          const result = await branch.oneAtATime(async () => {
            await prepareFolder(folder)
            return refusalAsMissing(commit, branch.where, () =>
              download(branch.uploadPack, branch.where, { folder, store }, { ...NOTHING, wants: [commit], depth, filter }),
            )
          })
          yield store
          if (result.kind !== 'pack' || result.shallow.length === 0) return
        }
      } finally {
        await store.close()
        await rm(folder, { recursive: true, force: true }).catch(() => undefined)
      }
    },
  }
}

async function prepareFolder(folder: string): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true })
    await makeFolder(join(folder, 'objects/pack'))
  } catch (error) {
    throw storageError(error, folder)
  }
}
