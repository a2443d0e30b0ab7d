import type { Clock, Random } from '../../clock.ts'
import { formatTimestamp } from '../../clock.ts'
import type { ObjectMeta, ObjectRef, StoredMeta } from '../../runs/objects.ts'
import { freezeJson, sealedCopy } from '../copy-json.ts'
import type { ReportProblem } from '../listeners.ts'
import type { Creation } from '../ports.ts'
import type { DataFolder } from './data-folder.ts'
import { createKeyedQueue } from './keyed-queue.ts'
import { CorruptFileError } from './storage-errors.ts'

/** What the adapters of this folder share. */
export interface LocalContext {
  clock: Clock
  random: Random
  folder: DataFolder
  report: ReportProblem
}

/** An object as the store keeps it. */
export type Stored<T extends { metadata: ObjectMeta }> = T & { metadata: StoredMeta }

/** What an update makes of an object: another content (which gets a new resourceVersion), nothing new, or its removal. */
export type Change<T> = { kind: 'Write'; object: T } | { kind: 'Keep' } | { kind: 'Remove' }

/** Objects of one kind, all held in memory, each in a file of its own. What it hands out is shared and frozen: a new version is a new object. */
export interface ObjectStore<T extends { metadata: ObjectMeta }> {
  create(object: T): Promise<Creation<Stored<T>>>
  /** Null when there is none. Throws CorruptFileError when its file is damaged. */
  get(ref: ObjectRef): Stored<T> | null
  /** All objects with an undamaged file for which `isWanted` holds, in no order. */
  list(isWanted: (object: Readonly<Stored<T>>) => boolean): Stored<T>[]
  /** From now on its file counts as damaged, since something that belongs to it is. */
  reportDamage(ref: ObjectRef, damage: CorruptFileError): void
  /** Reads, decides and writes with no other write of that object in between. Returns what is there afterwards, or the last state of what was removed; null when there was none. */
  update(ref: ObjectRef, change: (current: Stored<T>) => Change<Stored<T>>): Promise<Stored<T> | null>
}

/** Where the objects of one kind lie. */
export interface StorePlace {
  /** `runs` or `jobs`. */
  root: string
  /** Name of the object that an entry of `<root>/<namespace>` stands for; null for none. */
  nameOf(entry: string): string | null
  /** File of the object, relative to the data folder. */
  fileOf(ref: ObjectRef): string
  remove(ref: ObjectRef): Promise<void>
  /** What its file holds in place of the object, and back; the object itself without them. */
  encode?(object: object): unknown
  decode?(value: unknown): unknown
}

/** One text for each ref. */
export function keyOf(ref: ObjectRef): string {
  return `${ref.namespace}/${ref.name}`
}

/** Files that are read together at the start: one after the other, thousands would take seconds. */
const LOADED_AT_ONCE = 64

/** Loads all objects below `place.root`. A damaged file is logged and reserves its name, nothing more. `changed` hears of every change
 * with the version that it has made, null when the object is gone. */
export async function openObjectStore<T extends { metadata: ObjectMeta }>(
  context: LocalContext,
  place: StorePlace,
  changed: (object: Stored<T>, version: string | null) => void,
): Promise<ObjectStore<T>> {
  const { clock, random, report, folder } = context
  const { files } = folder
  const objects = new Map<string, Stored<T>>()
  const damaged = new Map<string, CorruptFileError>()
  const serialize = createKeyedQueue()
  const { encode = same, decode = same } = place

  function lookUp(ref: ObjectRef): Stored<T> | null {
    const damage = damaged.get(keyOf(ref))
    if (damage !== undefined) throw damage
    return objects.get(keyOf(ref)) ?? null
  }

  /** Takes over what is on disk; until that is read, what is in memory holds. */
  async function load(ref: ObjectRef): Promise<void> {
    const found = await readObject(ref)
    objects.delete(keyOf(ref))
    damaged.delete(keyOf(ref))
    if (found instanceof CorruptFileError) reportDamage(ref, found)
    else if (found !== null) objects.set(keyOf(ref), freezeJson(found))
  }

  function reportDamage(ref: ObjectRef, damage: CorruptFileError): void {
    objects.delete(keyOf(ref))
    damaged.set(keyOf(ref), damage)
    report('A file of the data folder is damaged', { file: damage.file, error: damage.message })
  }

  async function readObject(ref: ObjectRef): Promise<Stored<T> | CorruptFileError | null> {
    const file = place.fileOf(ref)
    try {
      const value = decodeFrom(await files.read(file), file)
      if (value === null || isObjectOf(value, ref)) return value as Stored<T> | null
      return new CorruptFileError(files.resolve(file), `it does not hold ${keyOf(ref)}`)
    } catch (error) {
      if (error instanceof CorruptFileError) return error
      throw error
    }
  }

  function decodeFrom(value: unknown, file: string): unknown {
    if (value === null) return null
    try {
      return decode(value)
    } catch (error) {
      throw new CorruptFileError(files.resolve(file), error instanceof Error ? error.message : String(error))
    }
  }

  /** After a failure nobody knows whether the file was written: memory follows the disk. */
  async function write<R>(ref: ObjectRef, work: () => Promise<R>): Promise<R> {
    try {
      return await work()
    } catch (error) {
      await load(ref).catch(() => undefined)
      throw error
    }
  }

  async function put(object: Stored<T>): Promise<Stored<T>> {
    const written = sealedCopy({ ...object, metadata: { ...object.metadata, resourceVersion: folder.nextVersion() } })
    await write(written.metadata, () => files.write(place.fileOf(written.metadata), encode(written)))
    objects.set(keyOf(written.metadata), written)
    changed(written, written.metadata.resourceVersion)
    return written
  }

  async function createNew(object: T): Promise<Creation<Stored<T>>> {
    assertName(object.metadata)
    const existing = lookUp(object.metadata)
    if (existing !== null) return { kind: 'Exists', object: existing }
    const made = { uid: random.uuid(), resourceVersion: folder.nextVersion(), creationTimestamp: formatTimestamp(clock.now()) }
    const stored: Stored<T> = sealedCopy({ ...object, metadata: { ...object.metadata, ...made } })
    const isNew = await write(stored.metadata, () => files.create(place.fileOf(stored.metadata), encode(stored)))
    if (!isNew) {
      await load(object.metadata)
      return createNew(object)
    }
    objects.set(keyOf(stored.metadata), stored)
    changed(stored, stored.metadata.resourceVersion)
    return { kind: 'Created', object: stored }
  }

  /** What is no folder holds no objects: it is named, and the others are there all the same. */
  async function listNamespace(namespace: string): Promise<string[]> {
    try {
      return await files.list(`${place.root}/${namespace}`)
    } catch (error) {
      if (!(error instanceof CorruptFileError)) throw error
      report('A file of the data folder is damaged', { file: error.file, error: error.message })
      return []
    }
  }

  for (const namespace of await files.list(place.root)) {
    const names = (await listNamespace(namespace)).flatMap((entry) => place.nameOf(entry) ?? [])
    for (let first = 0; first < names.length; first += LOADED_AT_ONCE)
      await Promise.all(names.slice(first, first + LOADED_AT_ONCE).map((name) => load({ namespace, name })))
  }

  return {
    create: (object) => serialize(keyOf(object.metadata), () => createNew(object)),
    get: lookUp,
    list: (isWanted) => [...objects.values()].filter(isWanted),
    reportDamage,
    update: (ref, change) =>
      serialize(keyOf(ref), async () => {
        const current = lookUp(ref)
        if (current === null) return null
        const next = change(current)
        switch (next.kind) {
          case 'Keep':
            return current
          case 'Write':
            return await put(next.object)
          case 'Remove':
            await write(ref, () => place.remove(ref))
            objects.delete(keyOf(ref))
            changed(current, null)
            return current
        }
      }),
  }
}

function same(value: unknown): unknown {
  return value
}

function isObjectOf(value: unknown, ref: ObjectRef): boolean {
  const { metadata, spec } = (value ?? {}) as { metadata?: Partial<StoredMeta>; spec?: unknown }
  const isNamed = metadata?.name === ref.name && metadata.namespace === ref.namespace && typeof metadata.uid === 'string'
  return isNamed && typeof spec === 'object' && spec !== null
}

/** Names become names of files: throws for what Kubernetes would not allow as a name. */
export function assertName(ref: ObjectRef): void {
  for (const name of [ref.namespace, ref.name]) {
    if (!/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(name) || name.length > 253) throw new Error(`not a name of an object: ${JSON.stringify(name)}`)
  }
}
