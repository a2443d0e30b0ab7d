import { isSameJson } from './same-json.ts'
import type { RepositoryDocument } from './config/repository-document.ts'
import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { clusterSecrets, ForbiddenSecretError } from './cluster-secrets.ts'
import type { ApiClient } from './cluster/kubernetes/api-client.ts'
import type { RepositoryObject } from './cluster/kubernetes/cursor-codec.ts'
import type { KubernetesRuns } from './cluster/kubernetes/runs.ts'
import { resolveServeConfig } from './config/serve-config.ts'
import type { Context, FollowedRepositories, FollowedRepository } from './context.ts'
import { cannotBeOpened, updateCursors, withReady } from './controller/cursors.ts'
import { createWorkQueue } from './controller/work-queue.ts'
import { GitError } from './git/ports.ts'
import { collectSecretNames, documentOf, versionOf } from './repository-object.ts'
import { UnusableSecretError } from './read-credentials.ts'
import { endOrphans, isTaken } from './end-orphans.ts'
import { openFollowed } from './open-followed.ts'
import { removeUnused } from './sweep-git-folders.ts'
import type { ObjectRef } from './runs/objects.ts'
import type { StoredRun } from './runs/run.ts'

/** Secrets are looked at again this often: a password that was changed is used within a minute. */
const LOOK_AGAIN_MS = 60_000
/** The runs of a Repository that is gone are ended and recorded, for as long as this. */
const LONGEST_LEAVE_MS = 60_000
const LEAVE_CHECK_MS = 500

/** Repositories that are objects of a cluster. */
export interface ClusterRepositories extends FollowedRepositories {
  /** Begins to open what there is. */
  start(): void
  close(): Promise<void>
}

/** What is needed to follow them. */
export interface ClusterRepositoriesOptions {
  client: ApiClient
  runs: KubernetesRuns
  context: Omit<Context, 'repositories'>
  /** Where fetched objects are kept, for as long as this is open. */
  gitFolder: string
  /** Uid of the namespace `kube-system`, which names the cluster. */
  clusterId: string
  /** Service accounts of Fusee itself, refused to every step. */
  ownServiceAccounts: readonly string[]
  env: Readonly<Record<string, string | undefined>>
}

interface Opened {
  followed: FollowedRepository
  /** Which object it is, and as of which change. */
  version: string
  /** What it was opened with: that version, those of its Secrets, and what is Fusee's own beside it. */
  fingerprint: string
  /** Where its fetched objects lie. */
  dataFolder: string
  close: () => Promise<void>
  /** Once the object is gone: until when its runs may be recorded. */
  leavesByMs?: number
}

/** Follows the Repository objects of a cluster: each is opened when it appears, again when it or its Secrets change, and let go when it is gone. */
export function followClusterRepositories(options: ClusterRepositoriesOptions): ClusterRepositories {
  const { client, runs, context, clusterId } = options
  const opened = new Map<string, Opened>()
  const tried = new Set<string>()
  const listeners = new Set<() => void>()
  const queue = createWorkQueue({
    clock: context.clock,
    random: context.random,
    reconcile,
    onError: (key, error) => {
      context.report({ kind: 'ReconcileFailed', key: `repository ${key}`, error })
    },
  })

  function wakeAll(): void {
    for (const { metadata } of runs.repositories.all()) queue.add(`${metadata.namespace}/${metadata.name}`)
    for (const key of opened.keys()) queue.add(key)
  }

  /**
   * A Run of no Repository: one that is new has to say so, and one whose finalizer came with a copy, or out of a backup, would let whoever deletes it, or
   * its namespace, wait for ever.
   */
  async function wakeIfHeld(ref: ObjectRef): Promise<void> {
    const run = await runs.getRun(ref)
    if (run === null || isTaken(run) !== (run.metadata.deletionTimestamp !== undefined)) return
    const repository = { namespace: ref.namespace, name: run.spec.repository }
    if (runs.repositories.get(repository) === null) queue.add(`${repository.namespace}/${repository.name}`)
  }

  async function reconcile(key: string): Promise<number | null> {
    const [namespace = '', name = ''] = key.split('/')
    const object = runs.repositories.get({ namespace, name })
    if (object === null) {
      if (await isLeaving(key, { namespace, name })) return context.clock.now() + LEAVE_CHECK_MS
      await replace(key, null)
      runs.forgetRepository({ namespace, name })
      await tellUnrecorded({ namespace, name })
      tried.delete(key)
      await endOrphans(context, { namespace, name })
      await runs.tellWaiting({ namespace, name }, `there is no Repository ${name} in namespace ${namespace}`)
      return null
    }
    try {
      const next = await open(object, opened.get(key)?.fingerprint)
      if (next !== null) {
        await runs.tellWaiting({ namespace, name }, `waits until the Repository ${name} is Ready: its conditions say more`, 'Renew')
        await replace(key, next)
      }
    } catch (error) {
      if (!(error instanceof TypeError || (error instanceof GitError && error.kind === 'RepositoryNotFound'))) throw error
      // What was read before still holds: its runs go on.
      if (error instanceof ForbiddenSecretError && opened.has(key)) throw error
      tried.add(key)
      const kept = error instanceof UnusableSecretError ? keep(key, object, error.message) : 'Not'
      if (kept === 'Not') await replace(key, null)
      if (kept !== 'AsBefore') await tellInvalid(object, error.message)
      if (kept === 'Not') await runs.tellWaiting({ namespace, name }, `the Repository ${name} cannot be followed: ${error.message}`)
    }
    tried.add(key)
    if (!isTidy && isSettled()) {
      isTidy = true
      // Of Repositories that went while no process, or another one, was here.
      await removeUnused(options.gitFolder, () => [...opened.values()].map(({ dataFolder }) => dataFolder))
    }
    return context.clock.now() + LOOK_AGAIN_MS
  }

  /** Of what nobody waits for. */
  function told(error: unknown): void {
    context.report({ kind: 'ReconcileFailed', key: 'runs', error })
  }

  /** Whether a Repository that is gone, and was followed until then, still has runs to end and to record. Nothing of it starts any more. */
  async function isLeaving(key: string, ref: ObjectRef): Promise<boolean> {
    const known = opened.get(key)
    if (known === undefined) return false
    const unrecorded = (await runs.listRuns({ namespace: ref.namespace, repository: ref.name })).filter(isUnrecorded)
    if (unrecorded.length === 0) return false
    const { leavesByMs } = known
    if (leavesByMs === undefined) {
      const { followed } = known
      const settings = { ...followed.settings, suspend: true, historyIntervalSeconds: 0 }
      opened.set(key, { ...known, followed: { ...followed, settings }, leavesByMs: context.clock.now() + LONGEST_LEAVE_MS })
      for (const listener of listeners) listener()
    } else if (context.clock.now() >= leavesByMs) return false
    for (const run of unrecorded) if (run.status?.phase !== 'Finished' && run.metadata.deletionTimestamp === undefined) await runs.deleteRun(run)
    return true
  }

  /** Names the runs that go without a record: nobody can write it any more, or it took too long. */
  async function tellUnrecorded(ref: ObjectRef): Promise<void> {
    const unrecorded = (await runs.listRuns({ namespace: ref.namespace, repository: ref.name })).filter(isUnrecorded)
    if (unrecorded.length === 0) return
    const message = `the Repository is gone, and these runs could not be recorded, so they go without: ${unrecorded.map(({ metadata }) => metadata.name).join(', ')}`
    context.report({ kind: 'HistoryFailed', repository: `${ref.namespace}/${ref.name}`, reason: 'RepositoryDeleted', message })
  }

  /** Opens it anew when it is not as it was; null when it is. */
  async function open(object: RepositoryObject, fingerprint: string | undefined): Promise<Opened | null> {
    const { namespace, name, uid, generation = 0 } = object.metadata
    const version = versionOf(object)
    const document = documentOf(object)
    const config = resolveServeConfig({
      repo: undefined,
      document,
      data: options.gitFolder,
      listen: undefined,
      secrets: options.gitFolder,
      env: {},
      workingDirectory: '/',
    })
    const own = ownNames(document)
    config.settings = { ...config.settings, generation, policy: { ...config.settings.policy, own } }
    const secrets = clusterSecrets(client, namespace)
    const owner = `${clusterId}/${namespace}/${name}`
    const dataFolder = path.join(options.gitFolder, `${namespace}.${name}-${digest([uid, config.url, config.history?.url ?? ''])}`)
    const { followed, git } = await openFollowed(config, { secrets, owner, dataFolder, env: options.env })
    const found = digest([version, secrets.versions(), JSON.stringify(own)])
    if (found === fingerprint) {
      await git.close()
      return null
    }
    return {
      followed,
      version,
      fingerprint: found,
      dataFolder,
      close: () => git.close(),
    }
  }

  /** Secrets that any Repository of the namespaces names in which it may run steps are Fusee's own, for all of them. */
  function ownNames({ metadata, spec }: RepositoryDocument): { serviceAccounts: readonly string[]; secrets: readonly string[] } {
    const namespaces = [metadata.namespace, ...(spec.policy.namespaces ?? [])]
    const secrets = new Set<string>()
    for (const { metadata, spec } of runs.repositories.all()) if (namespaces.includes(metadata.namespace)) collectSecretNames(spec, secrets)
    return { serviceAccounts: options.ownServiceAccounts, secrets: [...secrets].sort() }
  }

  async function replace(key: string, next: Opened | null): Promise<void> {
    const before = opened.get(key)
    if (next === null) opened.delete(key)
    else opened.set(key, next)
    if (before === undefined && next === null) return
    for (const listener of listeners) listener()
    await before?.close()
    // What was fetched of another URL, or for a Repository that is gone, nobody reads again.
    if (before !== undefined && before.dataFolder !== next?.dataFolder) await rm(before.dataFolder, { recursive: true, force: true })
  }

  /** Goes on with a Repository that is as it was when it was opened, though one of its Secrets has gone since. Not with one that is another now. */
  function keep(key: string, object: RepositoryObject, trouble: string): 'Not' | 'Anew' | 'AsBefore' {
    const known = opened.get(key)
    if (known?.version !== versionOf(object)) return 'Not'
    const { followed } = known
    const { policy } = followed.settings
    // What others have named since is refused to its steps all the same.
    const own = ownNames(documentOf(object))
    if (followed.settings.trouble === trouble && isSameJson(policy.own, own)) return 'AsBefore'
    opened.set(key, { ...known, followed: { ...followed, settings: { ...followed.settings, trouble, policy: { ...policy, own } } }, fingerprint: '' })
    for (const listener of listeners) listener()
    return 'Anew'
  }

  async function tellInvalid({ metadata }: RepositoryObject, message: string): Promise<void> {
    const ref = { namespace: metadata.namespace, name: metadata.name }
    let isNews = false
    await updateCursors(context, ref, (current) => {
      const known = current.conditions.find((one) => one.type === 'Ready')
      isNews = known?.message !== message
      return withReady(current, metadata.generation, cannotBeOpened(message), context.clock.now())
    })
    if (isNews) context.report({ kind: 'LookFailed', repository: `${ref.namespace}/${ref.name}`, reason: 'CannotBeOpened', message })
  }

  const isSettled = (): boolean =>
    isStarted && [...runs.repositories.all()].every(({ metadata }) => tried.has(`${metadata.namespace}/${metadata.name}`))

  let isStarted = false
  let isTidy = false
  let stopListening: () => void = () => undefined
  return {
    current: () => [...opened.values()].map(({ followed }) => followed),
    exists(key) {
      const [namespace = '', name = ''] = key.split('/')
      return runs.repositories.get({ namespace, name }) !== null
    },
    isSettled,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    start() {
      isStarted = true
      const ends = [runs.onRepositoryChange(wakeAll), runs.subscribe((event) => event.kind === 'Run' && void wakeIfHeld(event.ref).catch(told))]
      stopListening = () => {
        for (const end of ends) end()
      }
      wakeAll()
      // Runs whose Repository went, or that came without one, while nobody looked.
      void runs.listRuns().then((all) => {
        for (const { metadata, spec } of all) queue.add(`${metadata.namespace}/${spec.repository}`)
      }, told)
    },
    async close() {
      stopListening()
      await queue.drain()
      await Promise.all([...opened.values()].map(({ close }) => close()))
      // What was fetched is fetched again; nothing else lies there.
      await rm(options.gitFolder, { recursive: true, force: true })
    },
  }
}

function isUnrecorded(run: StoredRun): boolean {
  return isTaken(run) && run.status?.recorded === undefined
}

function digest(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16)
}
