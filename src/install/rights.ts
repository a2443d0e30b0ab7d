/** A rule of RBAC. */
interface Right {
  apiGroups: string[]
  resources: string[]
  resourceNames?: string[]
  verbs: string[]
}

/** What the controller may do in the namespaces whose Repositories it follows: what its requests need, and nothing else. */
export const CONTROLLER_RIGHTS: readonly Right[] = [
  // Repositories are written by people; the controller writes cursors and conditions.
  { apiGroups: ['fusee.dev'], resources: ['repositories'], verbs: ['get', 'list', 'watch'] },
  { apiGroups: ['fusee.dev'], resources: ['repositories/status'], verbs: ['update'] },
  { apiGroups: ['fusee.dev'], resources: ['runs'], verbs: ['create', 'delete', 'get', 'list', 'patch', 'watch'] },
  { apiGroups: ['fusee.dev'], resources: ['runs/status'], verbs: ['update'] },
  // A Job that is owned by a Run holds up the Run's deletion, which is a right of its own where admission asks for it.
  { apiGroups: ['fusee.dev'], resources: ['runs/finalizers'], verbs: ['update'] },
  { apiGroups: ['batch'], resources: ['jobs'], verbs: ['create', 'delete', 'get', 'list', 'patch', 'watch'] },
  { apiGroups: [''], resources: ['pods'], verbs: ['list', 'watch'] },
  { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] },
  // Those that a Repository names for Fusee's own use, each by its name: there is no list, and no watch.
  { apiGroups: [''], resources: ['secrets'], verbs: ['get'] },
]

/** What it may do in its own namespace: one Lease says which replica is active. */
export const LEADER_RIGHTS: readonly Right[] = [
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create'] },
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], resourceNames: ['fusee'], verbs: ['get', 'update'] },
]

/** Of the cluster as a whole, in whatever namespaces it works. */
export const IDENTITY_RIGHTS: readonly Right[] = [
  // The uid of `kube-system` is the cluster's name, by which a status branch knows its owner.
  { apiGroups: [''], resources: ['namespaces'], resourceNames: ['kube-system'], verbs: ['get'] },
]

/** Where it works in all namespaces: to ask whether one lets another make Jobs in it. */
export const PLACEMENT_RIGHTS: readonly Right[] = [{ apiGroups: ['authorization.k8s.io'], resources: ['subjectaccessreviews'], verbs: ['create'] }]

/** For people: whoever may view, or edit, a namespace may do the same with our objects in it. */
export const VIEWER_RIGHTS: readonly Right[] = [{ apiGroups: ['fusee.dev'], resources: ['repositories', 'runs'], verbs: ['get', 'list', 'watch'] }]

/** What somebody may do who starts and cancels runs with kubectl. */
export const EDITOR_RIGHTS: readonly Right[] = [
  { apiGroups: ['fusee.dev'], resources: ['repositories', 'runs'], verbs: ['create', 'delete', 'patch', 'update'] },
]
