import { stringify } from 'yaml'
import { controllerDeployment, controllerService, INSTALL_LABELS, NAME, type InstallObject } from './controller-objects.ts'
import { resourceDefinitions } from './resource-definitions.ts'
import { CONTROLLER_RIGHTS, EDITOR_RIGHTS, IDENTITY_RIGHTS, LEADER_RIGHTS, PLACEMENT_RIGHTS, VIEWER_RIGHTS } from './rights.ts'

/** What is to be installed. */
export interface Installation {
  image: string
  /** Of the controller. */
  namespace: string
  /** `Cluster`: Repositories of all namespaces are followed. `Namespace`: only those of the controller's own, which is there already. */
  scope: 'Cluster' | 'Namespace'
}

const RBAC = 'rbac.authorization.k8s.io'
const CONTROLLER = `${NAME}-controller`
const IDENTITY = `${NAME}-identity`
const PLACEMENT = `${NAME}-placement`
const LEADER = `${NAME}-leader`

/** Everything of an installation, in the order in which it can be applied. */
export function installObjects({ image, namespace, scope }: Installation): InstallObject[] {
  const subject = { kind: 'ServiceAccount', name: NAME, namespace }
  return [
    ...resourceDefinitions(),
    ...(scope === 'Cluster' ? [ownNamespace(namespace)] : []),
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: NAME, namespace, labels: INSTALL_LABELS } },
    ...roleObjects(),
    { apiVersion: `${RBAC}/v1`, kind: 'Role', metadata: { name: LEADER, namespace, labels: INSTALL_LABELS }, rules: LEADER_RIGHTS },
    binding('RoleBinding', LEADER, 'Role', namespace, subject),
    ...(scope === 'Cluster'
      ? [IDENTITY, PLACEMENT, CONTROLLER].map((role) => binding('ClusterRoleBinding', role, 'ClusterRole', null, subject))
      : [
          // There may be one for each of several namespaces.
          {
            ...binding('ClusterRoleBinding', IDENTITY, 'ClusterRole', null, subject),
            metadata: { name: `${IDENTITY}-${namespace}`, labels: INSTALL_LABELS },
          },
          binding('RoleBinding', CONTROLLER, 'ClusterRole', namespace, subject),
        ]),
    controllerService(namespace),
    controllerDeployment(image, namespace, scope === 'Namespace'),
  ]
}

/** The controller runs under the strictest level of pod security; where it does, others than it have no business. */
function ownNamespace(name: string): InstallObject {
  const labels = { ...INSTALL_LABELS, 'pod-security.kubernetes.io/enforce': 'restricted' }
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }
}

function roleObjects(): InstallObject[] {
  const aggregated = (...roles: string[]): Record<string, string> => Object.fromEntries(roles.map((role) => [`${RBAC}/aggregate-to-${role}`, 'true']))
  const role = (name: string, rules: readonly object[], labels: Record<string, string> = {}): InstallObject => ({
    apiVersion: `${RBAC}/v1`,
    kind: 'ClusterRole',
    metadata: { name, labels: { ...INSTALL_LABELS, ...labels } },
    rules,
  })
  return [
    role(CONTROLLER, CONTROLLER_RIGHTS),
    role(IDENTITY, IDENTITY_RIGHTS),
    role(PLACEMENT, PLACEMENT_RIGHTS),
    role(`${NAME}-view`, VIEWER_RIGHTS, aggregated('view', 'edit', 'admin')),
    role(`${NAME}-edit`, EDITOR_RIGHTS, aggregated('edit', 'admin')),
  ]
}

function binding(
  kind: 'RoleBinding' | 'ClusterRoleBinding',
  name: string,
  roleKind: string,
  namespace: string | null,
  subject: object,
): InstallObject {
  return {
    apiVersion: `${RBAC}/v1`,
    kind,
    metadata: { name, ...(namespace === null ? {} : { namespace }), labels: INSTALL_LABELS },
    roleRef: { apiGroup: RBAC, kind: roleKind, name },
    subjects: [subject],
  }
}

/** The objects as one stream of YAML documents. */
export function printManifests(objects: readonly InstallObject[]): string {
  return objects.map((object) => stringify(object, { lineWidth: 0, aliasDuplicateObjects: false })).join('---\n')
}
