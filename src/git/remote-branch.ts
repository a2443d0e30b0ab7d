import { join } from 'node:path'
import type { BuiltCommit } from './build-commit.ts'
import { copyObjects } from './copy-objects.ts'
import { NOTHING, download, isWorthAnotherWay, refusalAsMissing } from './download.ts'
import type { FetchRequest, FetchResult } from './fetch-protocol.ts'
import { RemoteRefusalError } from './fetch-protocol.ts'
import { closedError } from './failures.ts'
import type { BranchState } from './generation.ts'
import { countLooseObjects, countPacks, createGeneration, linkPacks, readState, removeOtherGenerations, writeState } from './generation.ts'
import type { Limiter } from './limiter.ts'
import { createLimiter } from './limiter.ts'
import { writeLooseObjects } from './loose-objects.ts'
import type { ObjectStore } from './object-store.ts'
import { createObjectStore } from './object-store.ts'
import type { CommitSha } from './ports.ts'
import { GitError } from './ports.ts'
import { diffTrees } from './tree-walk.ts'
import type { UploadPack } from './upload-pack.ts'

/** The objects that are open now. */
export interface OpenGeneration {
  state: BranchState
  store: ObjectStore
  /** Folder of the generation. */
  folder: string
}

/** The objects of one branch of a remote, as far as they were fetched, in a folder of this disk. */
export interface RemoteBranch {
  /** Brings the objects of a commit that the remote's branch is at; when it resolves they can be read. Throws GitError. */
  follow(tip: CommitSha, signal?: AbortSignal): Promise<void>
  /** Takes in a commit that was just pushed. Throws GitError `Storage`. */
  adopt(built: BuiltCommit): Promise<void>
  /** What is here; null before the first fetch. */
  current(): Promise<OpenGeneration | null>
  /** Fetches everything anew, one commit deep. Call it within `oneAtATime`. Throws GitError. */
  startAnew(tip: string, filtered: boolean, signal?: AbortSignal): Promise<OpenGeneration>
  /** Commits that must come along when everything is fetched anew. */
  keep(commits: readonly string[]): void
  /** Refuses what is still to come, waits for what is under way, and lets go of open files: then nothing is written here any more. */
  close(): Promise<void>
  /** Something here could not be read: the next `follow` fetches everything anew. */
  doubt(): void
  /** Fetches of this branch go through here. */
  oneAtATime: Limiter
  /** What to leave out of a fetch: blobs, when the generation goes without them and the remote still allows it. */
  chooseFilter(filtered: boolean, signal?: AbortSignal): Promise<'blob:none' | null>
  uploadPack: UploadPack
  /** For messages. */
  where: string
}

/** A branch of a remote, and where what is fetched of it is kept. */
export interface RemoteBranchOptions {
  uploadPack: UploadPack
  folder: string
  /** URL without credentials: it is part of the stored state. */
  url: string
  ref: string
  bounds?: GenerationBounds | undefined
}

/** How many files a generation may have before it is replaced. */
export interface GenerationBounds {
  /** Each new tip adds a pack, or two with the files that are read: beyond so many, everything is fetched anew. */
  packs: number
  /** Commits of ours leave some ten each, most of which the next one outdates. */
  looseObjects: number
}

const DEFAULT_BOUNDS: GenerationBounds = { packs: 50, looseObjects: 1000 }
/** Bytes of files that are taken along into a new generation. */
const MOST_KEPT_BYTES = 4 << 20

/**
 * Keeps the objects of a branch. First one commit deep and without blobs where the remote allows that, then what each new
 * tip adds. The state names a tip only after its pack is indexed and read.
 */
export function createRemoteBranch({ uploadPack, folder, url, ref, bounds = DEFAULT_BOUNDS }: RemoteBranchOptions): RemoteBranch {
  const lock = createLimiter(1)
  let isClosed = false
  const oneAtATime: Limiter = (task) => lock(() => (isClosed ? Promise.reject(closedError(url)) : task()))
  let opened: OpenGeneration | null = null
  let loading: Promise<void> | null = null
  let verifiedTip: string | null = null
  let doubted = false
  /** Commits that go along into a new generation. */
  let kept: readonly string[] = []
  /** Loose objects of the generation, as far as we know. */
  let looseObjects = 0
  /** The open store, and that of the generation before: somebody may still be reading it. */
  let previous: ObjectStore | null = null
  let retired: ObjectStore | null = null

  async function current(): Promise<OpenGeneration | null> {
    loading ??= load()
    await loading
    return opened
  }

  async function load(): Promise<void> {
    const state = await readState(folder, url, ref)
    await removeOtherGenerations(folder, state?.generation ?? null)
    opened = state === null ? null : openGeneration(state)
    previous = opened?.store ?? null
    looseObjects = opened === null ? 0 : await countLooseObjects(opened.folder)
  }

  function openGeneration(state: BranchState, store?: ObjectStore): OpenGeneration {
    const path = join(folder, state.generation)
    return { state, store: store ?? createObjectStore({ folders: [path], where: url, shared: false }), folder: path }
  }

  async function settle(next: OpenGeneration): Promise<OpenGeneration> {
    await next.store.tree((await next.store.commit(next.state.tip)).tree)
    await writeState(folder, next.state)
    opened = next
    verifiedTip = next.state.tip
    return next
  }

  async function startAnew(tip: string, filtered: boolean, signal?: AbortSignal): Promise<OpenGeneration> {
    const before = await current()
    const fresh = openGeneration({ version: 1, url, ref, generation: await createGeneration(folder), tip, shallow: [], filtered })
    const request: FetchRequest = { ...NOTHING, wants: [tip], depth: 1, filter: await chooseFilter(filtered, signal) }
    const result = await download(uploadPack, url, fresh, request, signal)
    if (before !== null && kept.length > 0) await carryOver(before, fresh, { commits: kept, mostBlobBytes: MOST_KEPT_BYTES })
    return replaceBy({ ...fresh, state: { ...fresh.state, shallow: nextShallow([], result) } })
  }

  /** What is read of the old generation until then is still there. */
  async function replaceBy(fresh: OpenGeneration): Promise<OpenGeneration> {
    const next = await settle(fresh)
    await retired?.close()
    retired = previous
    previous = fresh.store
    looseObjects = 0
    await removeOtherGenerations(folder, fresh.state.generation)
    return next
  }

  /** Takes along what the remote may not have any more. That a copy cannot be made of what is broken here is no reason to stop. */
  async function carryOver(from: OpenGeneration, to: OpenGeneration, what: { commits: readonly string[]; mostBlobBytes: number }): Promise<void> {
    try {
      await copyObjects({ ...what, store: from.store, isThere: (id) => to.store.isPacked(id), where: url }, to.folder)
      await to.store.refresh()
    } catch (error) {
      if (!(error instanceof GitError) || error.kind === 'Storage') throw error
    }
  }

  /**
   * From time to time the loose objects that the tip needs go into a pack of a new generation, beside the packs there were. When
   * there are many packs, everything is fetched anew.
   */
  async function tidyUp(here: OpenGeneration): Promise<void> {
    if (looseObjects < bounds.looseObjects) return
    if ((await countPacks(here.folder)) >= bounds.packs) return void (await startAnew(here.state.tip, here.state.filtered))
    const generation = await createGeneration(folder)
    await linkPacks(here.folder, join(folder, generation))
    const fresh = openGeneration({ ...here.state, generation, shallow: [here.state.tip] })
    await carryOver(here, fresh, { commits: [here.state.tip], mostBlobBytes: MOST_KEPT_BYTES })
    await replaceBy(fresh)
  }

  /** Whether what the new tip adds could be had as an addition. */
  async function increment(here: OpenGeneration, tip: string, signal?: AbortSignal): Promise<boolean> {
    const { state, store } = here
    const filter = await chooseFilter(state.filtered, signal)
    const request: FetchRequest = { ...NOTHING, wants: [tip], haves: [state.tip], shallow: state.shallow, filter }
    try {
      let result = await download(uploadPack, url, here, { ...request, onlyIncrement: true }, signal)
      // After a forced push, or when the remote has forgotten our tip, its whole history would be new to us.
      if (result.kind === 'nothing-in-common') result = await download(uploadPack, url, here, { ...request, depth: 1 }, signal)
      await diffTrees(store, (await store.commit(state.tip)).tree, (await store.commit(tip)).tree)
      await settle(openGeneration({ ...state, tip, shallow: nextShallow(state.shallow, result) }, store))
      return true
    } catch (error) {
      // A merge of an old branch brings all of its history; a damaged folder lacks objects.
      if (isWorthAnotherWay(error) && !(error instanceof RemoteRefusalError)) return false
      throw error
    }
  }

  /** A server can lose a setting: what it does not know it may answer by hanging up. */
  async function chooseFilter(filtered: boolean, signal?: AbortSignal): Promise<'blob:none' | null> {
    return filtered && (await uploadPack.canFilter(signal)) ? 'blob:none' : null
  }

  async function describeOwnStart(built: BuiltCommit): Promise<BranchState> {
    const filtered = await uploadPack.canFilter()
    return { version: 1, url, ref, generation: await createGeneration(folder), tip: built.id, shallow: [], filtered }
  }

  async function bring(tip: CommitSha, signal?: AbortSignal): Promise<void> {
    const here = await current()
    if (here !== null && !doubted && (await canReadTip(here))) {
      if (here.state.tip === tip) verifiedTip = tip
      if (here.state.tip === tip) return
      if ((await countPacks(here.folder)) < bounds.packs && (await increment(here, tip, signal))) return
    }
    await startAnew(tip, await uploadPack.canFilter(signal), signal)
    doubted = false
  }

  return {
    current,
    startAnew,
    keep(commits) {
      kept = [...commits]
    },
    async close() {
      isClosed = true
      await lock(() => Promise.allSettled([previous?.close(), retired?.close()]))
    },
    doubt() {
      doubted = true
      verifiedTip = null
    },
    oneAtATime,
    chooseFilter,
    uploadPack,
    where: url,
    async follow(tip, signal) {
      if (tip === verifiedTip) return
      try {
        await oneAtATime(() => bring(tip, signal))
      } catch (error) {
        if (!(error instanceof RemoteRefusalError)) throw error
        throw new GitError('Unreachable', `${error.message}; the branch may have moved just now, so it is tried again`, { cause: error })
      }
    },
    adopt: (built) =>
      oneAtATime(async () => {
        const here = await current()
        const state = here?.state ?? (await describeOwnStart(built))
        await writeLooseObjects(join(folder, state.generation), built.objects, { durable: false })
        looseObjects += built.objects.length
        const next = await settle(openGeneration({ ...state, tip: built.id }, here?.store))
        previous = next.store
        await tidyUp(next)
      }),
  }
}

async function canReadTip({ state, store }: OpenGeneration): Promise<boolean> {
  try {
    await store.tree((await store.commit(state.tip)).tree)
    return true
  } catch (error) {
    if (isWorthAnotherWay(error)) return false
    throw error
  }
}

/** One commit, or one blob, by its id, whatever else is here. Throws MissingObjectError when the remote does not give it. */
export async function downloadById(branch: RemoteBranch, here: OpenGeneration, id: string, request: Omit<FetchRequest, 'wants'>): Promise<void> {
  await refusalAsMissing(id, branch.where, () => download(branch.uploadPack, branch.where, here, { ...request, wants: [id] }))
}

function nextShallow(before: readonly string[], result: FetchResult): string[] {
  if (result.kind !== 'pack') return [...before]
  const after = new Set([...before, ...result.shallow])
  for (const id of result.unshallow) after.delete(id)
  return [...after]
}
