/** A Kubernetes object to be applied. */
export interface InstallObject {
  apiVersion: string
  kind: string
  metadata: { name: string; namespace?: string; labels?: Record<string, string> }
  [field: string]: unknown
}

/** What all objects of the installation are called. */
export const NAME = 'fusee'

/** Port of hooks, API, metrics and probes. */
const HTTP_PORT = 8080

/** Labels of everything that belongs to the installation. */
export const INSTALL_LABELS = { 'app.kubernetes.io/name': NAME, 'app.kubernetes.io/part-of': NAME }

/** Labels of the controller's Deployment and pods. */
export const CONTROLLER_LABELS = { ...INSTALL_LABELS, 'app.kubernetes.io/component': 'controller' }

/** The user `node` of Node's images. */
const USER_ID = 1000

/** Word of the controller's command by which it keeps to its own namespace. Kubernetes puts the variable's value in. */
export const OWN_NAMESPACE_ONLY = '--namespace=$(POD_NAMESPACE)'

/** Two replicas, one of them active; neither may write anywhere but to its two scratch folders, nor be anybody but a plain user. */
export function controllerDeployment(image: string, namespace: string, followsOwnNamespace: boolean): InstallObject {
  const scope = followsOwnNamespace ? [OWN_NAMESPACE_ONLY] : []
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: NAME, namespace, labels: CONTROLLER_LABELS },
    spec: {
      replicas: 2,
      selector: { matchLabels: CONTROLLER_LABELS },
      template: {
        metadata: { labels: CONTROLLER_LABELS },
        spec: {
          serviceAccountName: NAME,
          securityContext: {
            runAsNonRoot: true,
            runAsUser: USER_ID,
            runAsGroup: USER_ID,
            fsGroup: USER_ID,
            seccompProfile: { type: 'RuntimeDefault' },
          },
          topologySpreadConstraints: [
            {
              maxSkew: 1,
              topologyKey: 'kubernetes.io/hostname',
              whenUnsatisfiable: 'ScheduleAnyway',
              labelSelector: { matchLabels: CONTROLLER_LABELS },
            },
          ],
          containers: [
            {
              name: 'controller',
              image,
              command: ['node', '/app/fusee.mjs'],
              args: ['serve', '--runner=kubernetes', `--listen=0.0.0.0:${HTTP_PORT}`, '--data=/data', '--output=json', ...scope],
              env: [
                { name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
                // Where the replica that stands by passes hooks on to.
                { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
              ],
              ports: [{ name: 'http', containerPort: HTTP_PORT }],
              startupProbe: { httpGet: { path: '/healthz', port: 'http' }, periodSeconds: 2, failureThreshold: 60 },
              livenessProbe: { httpGet: { path: '/healthz', port: 'http' }, periodSeconds: 20, timeoutSeconds: 5 },
              readinessProbe: { httpGet: { path: '/readyz', port: 'http' }, periodSeconds: 5, timeoutSeconds: 5 },
              resources: { requests: { cpu: '100m', memory: '256Mi' }, limits: { memory: '1Gi' } },
              securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
              volumeMounts: [
                { name: 'data', mountPath: '/data' },
                { name: 'tmp', mountPath: '/tmp' },
              ],
            },
          ],
          // What was fetched of repositories, which is fetched again by whoever lacks it: nothing here needs to last.
          volumes: [
            { name: 'data', emptyDir: {} },
            { name: 'tmp', emptyDir: {} },
          ],
        },
      },
    },
  }
}

/** The address inside the cluster. */
export function controllerService(namespace: string): InstallObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: NAME, namespace, labels: CONTROLLER_LABELS },
    spec: { selector: CONTROLLER_LABELS, ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
  }
}
