import { below, isSet, itemsBelow, type Path, type Place } from './place.ts'
import { podSecurityViolations, type Violation } from './pod-security.ts'

/** Something that a pod asks for and that a policy has a say in. `path` leads to it, from the pod's spec. */
export type Ask =
  | { kind: 'Image'; name: string; path: Path }
  | { kind: 'ServiceAccount'; name: string; path: Path }
  | { kind: 'Secret'; name: string; path: Path }
  | { kind: 'Namespace'; name: string; path: Path }
  | ({ kind: 'PodSecurity' } & Violation)

/** Every way in which a volume may name a Secret. */
const VOLUME_SECRETS = [
  ['secret', 'secretName'],
  ['azureFile', 'secretName'],
  ['cephfs', 'secretRef', 'name'],
  ['cinder', 'secretRef', 'name'],
  ['csi', 'nodePublishSecretRef', 'name'],
  ['flexVolume', 'secretRef', 'name'],
  ['iscsi', 'secretRef', 'name'],
  ['rbd', 'secretRef', 'name'],
  ['scaleIO', 'secretRef', 'name'],
  ['storageos', 'secretRef', 'name'],
]

const CONTAINER_LISTS = ['initContainers', 'containers', 'ephemeralContainers']

/** All that a pod asks for. Never throws, whatever the spec is. */
export function podAsks(spec: unknown, annotations: unknown = undefined): Ask[] {
  const pod: Place = { value: spec, path: [] }
  const containers = CONTAINER_LISTS.flatMap((list) => itemsBelow(pod, list))
  const volumes = itemsBelow(pod, 'volumes')
  return [
    ...named('Image', [
      ...containers.map((container) => below(container, 'image')),
      // A volume that is an image brings programs along like any other.
      ...volumes.map((volume) => below(volume, 'image', 'reference')),
    ]),
    ...serviceAccountAsks(pod),
    ...named('Secret', [
      ...containers.flatMap(containerSecrets),
      ...volumes.flatMap(volumeSecrets),
      ...itemsBelow(pod, 'imagePullSecrets').map((reference) => below(reference, 'name')),
    ]),
    ...podSecurityViolations(pod, { value: annotations, path: ['metadata', 'annotations'] }).map((violation): Ask => ({
      kind: 'PodSecurity',
      ...violation,
    })),
  ]
}

/** A pod that names none gets its namespace's `default`. `serviceAccount` is the field's old name, which still counts. */
function serviceAccountAsks(pod: Place): Ask[] {
  const asks = named('ServiceAccount', [below(pod, 'serviceAccountName'), below(pod, 'serviceAccount')])
  return asks.length > 0 ? asks : [{ kind: 'ServiceAccount', name: 'default', path: [] }]
}

function containerSecrets(container: Place): Place[] {
  return [
    ...itemsBelow(container, 'env').map((variable) => below(variable, 'valueFrom', 'secretKeyRef', 'name')),
    ...itemsBelow(container, 'envFrom').map((source) => below(source, 'secretRef', 'name')),
  ]
}

function volumeSecrets(volume: Place): Place[] {
  return [
    ...VOLUME_SECRETS.map((fields) => below(volume, ...fields)),
    ...itemsBelow(volume, 'projected', 'sources').map((source) => below(source, 'secret', 'name')),
  ]
}

function named(kind: 'Image' | 'ServiceAccount' | 'Secret', places: readonly Place[]): Ask[] {
  return places.flatMap((place) => (isSet(place) && place.value !== '' ? [{ kind, name: String(place.value), path: place.path }] : []))
}
