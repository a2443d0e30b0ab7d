import { join } from 'node:path'
import type { Container, EnvVar, JsonObject } from '../../definitions/container.ts'
import type { PodSpec } from '../../runs/objects.ts'
import { expandReferences } from './expand.ts'
import { listField, objectField, textField } from './json-fields.ts'
import type { RealMount } from './bubblewrap.ts'
import type { Mount } from './mounts.ts'
import { isPlaceKnown, isPlaceVariable, isWithin, mountPathOf, realPathOf } from './mounts.ts'
import type { SecretsFolder } from './secrets-folder.ts'

/** Kubernetes' own default. */
const DEFAULT_MESSAGE_PATH = '/dev/termination-log'

/** A pod cannot be started as its Job is written or as this machine is set up. `reason` is the word that Kubernetes has for it. */
export class LaunchError extends Error {
  override name = 'LaunchError'
  readonly reason: string
  constructor(reason: string, message: string) {
    super(message)
    this.reason = reason
  }
}

/** One process to start: all references resolved, all paths real. */
export interface ContainerLaunch {
  name: string
  isInit: boolean
  /** Absolute path. */
  workingDir: string
  env: { name: string; value: string }[]
  /** Command and arguments; at least one. */
  argv: string[]
  /** To be mounted before it starts; none where variables tell it the real places. */
  mounts: RealMount[]
}

/** What the references of a pod's containers may be resolved to. */
export interface LaunchSources {
  metadata: { name: string; namespace: string; uid: string; labels: Record<string, string>; annotations: Record<string, string> }
  secrets: SecretsFolder
  /** Folder of a volume of the pod. */
  volumeFolder(volume: string): string
  /** Whether a volume is a Secret or a ConfigMap, which nobody may write to. */
  isFixed(volume: string): boolean
  /** File for the termination message of a container, by its index. */
  messageFile(index: number): string
  /** Folder in which a container starts when it does not say. */
  workFolder(container: string): string
  /** Whether mounts can be at the paths that a manifest says. */
  canMount: () => boolean
}

/** Resolves the containers of a pod, init containers first. Throws LaunchError. */
export async function resolveLaunches(pod: PodSpec, sources: LaunchSources): Promise<ContainerLaunch[]> {
  const launches: ContainerLaunch[] = []
  for (const [index, { container, name, isInit }] of containersOf(pod).entries()) {
    launches.push(await resolveLaunch(container, { name, isInit, index }, sources))
  }
  return launches
}

/** The containers of a pod in the order of their indexes: init containers first. One without a name is called after its place. */
export function containersOf(pod: PodSpec): { container: Container; name: string; isInit: boolean }[] {
  const init = (pod.initContainers ?? []).map((container, index) => ({ container, name: container.name ?? `init-${index}`, isInit: true }))
  const main = pod.containers.map((container, index) => ({ container, name: container.name ?? `container-${index}`, isInit: false }))
  return [...init, ...main]
}

async function resolveLaunch(
  container: Container,
  { name, isInit, index }: { name: string; isInit: boolean; index: number },
  sources: LaunchSources,
): Promise<ContainerLaunch> {
  const message: Mount = {
    mountPath: textField(container as JsonObject, 'terminationMessagePath') || DEFAULT_MESSAGE_PATH,
    folder: sources.messageFile(index),
  }
  const isMounted = (container.volumeMounts ?? []).some((mount) => !isPlaceKnown(container, mount)) && sources.canMount()
  const volumes = (container.volumeMounts ?? []).map((mount) => resolveMount(mount, sources))
  const mounts = isMounted ? [message] : [message, ...volumes]
  const env = await resolveEnv(container, mounts, sources)
  const expand = (text: string): string => expandReferences(text, (variable) => env.get(variable))
  const argv = [...(container.command ?? []), ...(container.args ?? [])].map(expand)
  const workFolder = sources.workFolder(name)
  const workingDir = container.workingDir === undefined ? workFolder : placeWorkingDir(container.workingDir, mounts, workFolder)
  for (const text of [...argv, ...env.values()]) {
    if (text.includes('\0')) throw new LaunchError('CreateContainerConfigError', `container ${name} has a NUL character in its command or env`)
  }
  const hiding = isMounted ? volumes.find(({ mountPath }) => isWithin(workFolder, mountPath)) : undefined
  if (hiding !== undefined) {
    const message = `container ${name} mounts a volume at ${hiding.mountPath}, where the data folder is: put that elsewhere (--data)`
    throw new LaunchError('FailedMount', message)
  }
  const variables = [...env].map(([variable, value]) => ({ name: variable, value }))
  return { name, isInit, workingDir, env: variables, argv, mounts: isMounted ? volumes : [] }
}

function placeWorkingDir(path: string, mounts: readonly Mount[], workFolder: string): string {
  return realPathOf(path, mounts) ?? (path.startsWith('/') ? path : join(workFolder, path))
}

function resolveMount(mount: JsonObject, sources: LaunchSources): RealMount {
  const volume = textField(mount, 'name')
  const folder = join(sources.volumeFolder(volume), textField(mount, 'subPath'))
  return { mountPath: mountPathOf(mount), folder, isReadOnly: mount['readOnly'] === true || sources.isFixed(volume) }
}

/** Later ones win, and see earlier ones; what names a mount by a FUSEE_ variable gets the real place before others refer to it. */
async function resolveEnv(container: Container, mounts: readonly Mount[], sources: LaunchSources): Promise<Map<string, string>> {
  const env = new Map<string, string>()
  for (const source of listField(container, 'envFrom')) {
    for (const [name, value] of await readEnvFrom(source, sources.secrets)) env.set(name, value)
  }
  for (const variable of container.env ?? []) {
    const value = await resolveVariable(variable, sources)
    if (value === null) continue
    const expanded = variable.valueFrom === undefined ? expandReferences(value, (name) => env.get(name)) : value
    env.set(variable.name, (isPlaceVariable(variable.name) ? realPathOf(expanded, mounts) : null) ?? expanded)
  }
  return env
}

async function readEnvFrom(source: JsonObject, secrets: SecretsFolder): Promise<[string, string][]> {
  const ref = objectField(source, 'secretRef') ?? objectField(source, 'configMapRef') ?? {}
  const name = textField(ref, 'name')
  const keys = await secrets.keys(name)
  if (keys === null) {
    if (ref['optional'] === true) return []
    throw missing(`${name} is not found below ${secrets.place}`)
  }
  const pairs: [string, string][] = []
  for (const key of keys) pairs.push([textField(source, 'prefix') + key, asVariable(await secrets.read(name, key))])
  return pairs
}

async function resolveVariable(variable: EnvVar, sources: LaunchSources): Promise<string | null> {
  const { valueFrom } = variable
  if (valueFrom === undefined) return variable.value ?? ''
  const field = objectField(valueFrom, 'fieldRef')
  if (field !== null) return readField(textField(field, 'fieldPath'), sources.metadata)
  const ref = objectField(valueFrom, 'secretKeyRef') ?? objectField(valueFrom, 'configMapKeyRef') ?? {}
  const [name, key] = [textField(ref, 'name'), textField(ref, 'key')]
  const value = await sources.secrets.read(name, key)
  if (value !== null) return asVariable(value)
  if (ref['optional'] === true) return null
  throw missing(`${name}/${key} for variable ${variable.name} is not found below ${sources.secrets.place}`)
}

function readField(path: string, metadata: LaunchSources['metadata']): string {
  const [, map, key] = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(path) ?? []
  if (map === 'labels' || map === 'annotations') return metadata[map][key ?? ''] ?? ''
  switch (path) {
    case 'metadata.name':
      return metadata.name
    case 'metadata.namespace':
      return metadata.namespace
    default:
      return metadata.uid
  }
}

/** Editors end files with a line break, which no variable wants; files of a volume stay as they are. */
function asVariable(value: Buffer | null): string {
  return (value?.toString('utf8') ?? '').replace(/\r?\n$/, '')
}

function missing(what: string): LaunchError {
  return new LaunchError('CreateContainerConfigError', `Secret or ConfigMap ${what}. Put it there as <name>/<key>, then run again.`)
}
