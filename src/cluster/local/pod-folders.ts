import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { formatTimestamp } from '../../clock.ts'
import type { JsonObject } from '../../definitions/container.ts'
import type { StoredJob, StoredMeta } from '../../runs/objects.ts'
import { SOURCE_ANNOTATION } from '../../runs/render-job.ts'
import type { ContainerLaunch, LaunchSources } from './launch.ts'
import { LaunchError, containersOf, resolveLaunches } from './launch.ts'
import { listField, objectField, textField } from './json-fields.ts'
import type { LocalPod } from './local-pod.ts'
import type { LocalContext } from './object-store.ts'
import { keyOf } from './object-store.ts'
import type { PodFacts } from './pod-facts.ts'
import { messageFile, readPodFacts } from './pod-facts.ts'
import type { PodManifest } from './pod-status.ts'
import type { SecretsFolder } from './secrets-folder.ts'
import { CorruptFileError, asStorageError, codeOf } from './storage-errors.ts'

/** Name of the volume that gets the run's files. */
const SOURCE_VOLUME = 'source'

/** Fills the given folder with the files of the Job's run. A failure fails the pod, with its message. */
export type ProvideSource = (job: StoredJob, folder: string) => Promise<void>

/** What pods are made from. */
export interface PodSources {
  context: LocalContext
  secrets: SecretsFolder
  provideSource: ProvideSource | null
  canMount: () => boolean
}

/** A pod that is ready to run but that nobody sees yet. */
export interface PreparedPod {
  launches: ContainerLaunch[]
  /** Makes the pod known under its place in the Job, in one step. From now on it exists, whether it is run or not. */
  publish(): LocalPod
  discard(): void
}

const POD_NAME_CHARACTERS = 57

/** Path of a Job's folder, relative to the data folder. */
export function jobFolder(job: { namespace: string; name: string }): string {
  return `jobs/${keyOf(job)}`
}

/** Makes the folder of a Job's next pod. Throws StorageFullError; whatever keeps the pod itself from starting becomes its `startError`. */
export async function preparePod(sources: PodSources, job: StoredJob, index: number): Promise<PreparedPod> {
  const { folder, clock } = sources.context
  const scratch = folder.files.resolve(folder.files.scratch())
  const place = folder.files.resolve(`${jobFolder(job.metadata)}/pods/${index}`)
  const metadata = newMetadata(sources.context, job)
  try {
    for (const name of ['state', 'logs', 'work', 'volumes', 'messages']) mkdirSync(join(scratch, name), { recursive: true, mode: 0o700 })
    const filled = await fill(sources, job, metadata, scratch, place)
    const manifest: PodManifest = { metadata, startError: filled.kind === 'Error' ? filled.error : null }
    writeFileSync(join(scratch, 'pod.json'), JSON.stringify(manifest), { mode: 0o600 })
    return {
      launches: filled.kind === 'Error' ? [] : filled.launches,
      publish() {
        moveInto(folder.path, scratch, place)
        return {
          job: refOf(job),
          jobUid: job.metadata.uid,
          folder: place,
          manifest,
          facts: readPodFacts(place),
          endedAtMs: manifest.startError === null ? null : clock.now(),
        }
      },
      discard: () => {
        rmSync(scratch, { recursive: true, force: true })
      },
    }
  } catch (error) {
    rmSync(scratch, { recursive: true, force: true })
    throw asStorageError(folder.path, error)
  }
}

function moveInto(dataFolder: string, scratch: string, place: string): void {
  try {
    mkdirSync(dirname(place), { recursive: true, mode: 0o700 })
    renameSync(scratch, place)
  } catch (error) {
    rmSync(scratch, { recursive: true, force: true })
    throw asStorageError(dataFolder, error)
  }
}

/** The pods of a Job as they lie in the data folder, oldest first; what else is there is named and left. Throws CorruptFileError for one that cannot be read. */
export async function loadPods(context: LocalContext, job: StoredJob): Promise<LocalPod[]> {
  const { files } = context.folder
  const root = `${jobFolder(job.metadata)}/pods`
  const names = await files.list(root)
  const isPod = (name: string): boolean => /^(0|[1-9]\d*)$/.test(name)
  for (const name of names) if (!isPod(name)) context.report('A file of the data folder is not ours', { file: files.resolve(`${root}/${name}`) })
  const indexes = names
    .filter(isPod)
    .map(Number)
    .sort((a, b) => a - b)
  return indexes.map((index) => {
    const folder = files.resolve(`${root}/${index}`)
    const facts = loadFacts(folder)
    const manifest = loadManifest(context, job, folder)
    const nowMs = context.clock.now()
    const endedAtMs = facts.doneAtMs ?? facts.lostAtMs ?? (manifest.startError === null ? null : nowMs)
    return { job: refOf(job), jobUid: job.metadata.uid, folder, manifest, facts, endedAtMs: endedAtMs === null ? null : Math.min(endedAtMs, nowMs) }
  })
}

function loadFacts(folder: string): PodFacts {
  try {
    // A power cut may have taken it: then nothing is known, and nothing runs.
    mkdirSync(join(folder, 'state'), { recursive: true, mode: 0o700 })
    return readPodFacts(folder)
  } catch (error) {
    if (['EEXIST', 'ENOTDIR', 'EINVAL'].includes(codeOf(error))) throw new CorruptFileError(folder, String(error))
    throw asStorageError(folder, error)
  }
}

function loadManifest(context: LocalContext, job: StoredJob, folder: string): PodManifest {
  const file = join(folder, 'pod.json')
  try {
    const manifest = JSON.parse(readFileSync(file, 'utf8')) as Partial<PodManifest> | null
    if (typeof manifest?.metadata?.uid !== 'string') throw new TypeError('it describes no pod')
    return { startError: null, ...manifest, metadata: manifest.metadata }
  } catch (error) {
    const { message } = new CorruptFileError(file, String(error))
    context.report('A file of the data folder is damaged', { file, error: message })
    return { metadata: newMetadata(context, job), startError: { reason: 'CorruptFile', message } }
  }
}

type Filled = { kind: 'Ready'; launches: ContainerLaunch[] } | { kind: 'Error'; error: { reason: string; message: string } }

async function fill(sources: PodSources, job: StoredJob, metadata: StoredMeta, scratch: string, place: string): Promise<Filled> {
  try {
    const launches = await resolveLaunches(job.spec.template.spec, launchSources(sources, metadata, place, job))
    const volumes = job.spec.template.spec.volumes ?? []
    // Those of Secrets have files of their own, of which one may be mounted alone.
    const empty = new Set(volumes.filter((volume) => contentRefOf(volume) === null).map((volume) => textField(volume, 'name')))
    for (const { container, name } of containersOf(job.spec.template.spec)) {
      mkdirSync(join(scratch, 'work', name), { mode: 0o700 })
      for (const mount of container.volumeMounts ?? []) {
        if (!empty.has(textField(mount, 'name'))) continue
        mkdirSync(join(scratch, 'volumes', textField(mount, 'name'), textField(mount, 'subPath')), { recursive: true, mode: 0o700 })
      }
    }
    for (const volume of volumes) await fillVolume(sources, volume, join(scratch, 'volumes', textField(volume, 'name')))
    await fillSource(sources, job, join(scratch, 'volumes', SOURCE_VOLUME))
    return { kind: 'Ready', launches }
  } catch (error) {
    if (error instanceof LaunchError) return { kind: 'Error', error: { reason: error.reason, message: error.message } }
    throw error
  }
}

function launchSources(sources: PodSources, metadata: StoredMeta, place: string, job: StoredJob): LaunchSources {
  const { name, namespace, uid, labels, annotations } = metadata
  const fixed = new Set((job.spec.template.spec.volumes ?? []).filter((volume) => contentRefOf(volume) !== null).map((volume) => volume['name']))
  return {
    metadata: { name, namespace, uid, labels: labels ?? {}, annotations: annotations ?? {} },
    secrets: sources.secrets,
    volumeFolder: (volume) => join(place, 'volumes', volume),
    isFixed: (volume) => fixed.has(volume),
    workFolder: (container) => join(place, 'work', container),
    messageFile: (index) => messageFile(place, index),
    canMount: sources.canMount,
  }
}

/** The Secret or ConfigMap that a volume is made of; null for one that begins empty. */
function contentRefOf(volume: JsonObject): JsonObject | null {
  return objectField(volume, 'secret') ?? objectField(volume, 'configMap')
}

/** Kubernetes' own default for files of Secrets and ConfigMaps. */
const DEFAULT_MODE = 0o644

/**
 * Secrets are copied, for as long as the pod runs: no step may change those of the user, nor what another step sees. Nobody is meant to write to the
 * copy either, as on Kubernetes.
 */
async function fillVolume(sources: PodSources, volume: JsonObject, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const source = contentRefOf(volume)
  if (source === null) return
  const name = textField(source, 'secretName') || textField(source, 'name')
  const keys = await sources.secrets.keys(name)
  const chosen = listField(source, 'items').map((item) => ({ key: textField(item, 'key'), path: textField(item, 'path'), mode: item['mode'] }))
  const items = source['items'] === undefined ? (keys ?? []).map((key) => ({ key, path: key, mode: undefined })) : chosen
  const absent = keys === null ? name : items.filter(({ key }) => !keys.includes(key)).map(({ key }) => `${name}/${key}`)[0]
  if (absent !== undefined) {
    if (source['optional'] === true) return
    throw new LaunchError(
      'FailedMount',
      `Secret or ConfigMap ${absent} is not found below ${sources.secrets.place}. Put it there as <name>/<key>, then run again.`,
    )
  }
  for (const { key, path, mode = source['defaultMode'] } of items) {
    const file = join(folder, path)
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    writeFileSync(file, (await sources.secrets.read(name, key)) ?? '', { mode: 0o600 })
    chmodSync(file, ((typeof mode === 'number' ? mode : DEFAULT_MODE) & 0o555) | 0o400)
  }
}

/** The run's files cannot be had for now: the pod waits, and is tried again. */
export class SourceAwayError extends Error {
  override name = 'SourceAwayError'
}

async function fillSource(sources: PodSources, job: StoredJob, folder: string): Promise<void> {
  if (job.spec.template.metadata?.annotations?.[SOURCE_ANNOTATION] !== 'true') return
  if (sources.provideSource === null)
    throw new LaunchError('SourceUnavailable', 'The files of the run are wanted, but there is nothing to take them from')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  try {
    await sources.provideSource(job, folder)
  } catch (error) {
    if (error instanceof SourceAwayError) throw error
    const known = asStorageError(sources.context.folder.path, error)
    if (known !== error) throw known
    throw new LaunchError(
      'SourceUnavailable',
      `The files of the run could not be provided: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}

function newMetadata(context: LocalContext, job: StoredJob): StoredMeta {
  const { random, clock, folder } = context
  const { name, namespace, uid } = job.metadata
  const { labels, annotations } = job.spec.template.metadata ?? {}
  const podUid = random.uuid()
  return {
    name: `${name.slice(0, POD_NAME_CHARACTERS).replace(/[-.]+$/, '')}-${podUid.replaceAll('-', '').slice(0, 5)}`,
    namespace,
    uid: podUid,
    resourceVersion: folder.nextVersion(),
    creationTimestamp: formatTimestamp(clock.now()),
    labels: { ...labels, 'batch.kubernetes.io/job-name': name, 'batch.kubernetes.io/controller-uid': uid },
    ...(annotations === undefined ? {} : { annotations }),
    ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name, uid, controller: true, blockOwnerDeletion: true }],
  }
}

function refOf(job: StoredJob): { namespace: string; name: string } {
  return { namespace: job.metadata.namespace, name: job.metadata.name }
}
