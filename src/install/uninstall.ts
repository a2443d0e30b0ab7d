import type { InstallObject } from './controller-objects.ts'
import { CONTROLLER_LABELS, NAME, OWN_NAMESPACE_ONLY } from './controller-objects.ts'
import { installObjects } from './install-objects.ts'

/** A request to the API server, as far as it is needed here. */
interface UninstallRequest {
  method?: 'GET' | 'PATCH' | 'DELETE'
  path: string
  query?: Record<string, string | undefined>
  body?: unknown
  contentType?: 'application/merge-patch+json'
}

/** What an uninstallation works with. */
export interface UninstallPorts {
  /** The answer's JSON; null when what is asked for is not there. */
  request<T>(request: UninstallRequest): Promise<T | null>
  pause(ms: number): Promise<void>
  /** Hears of what was done, in words. */
  say(line: string): void
}

/** What is to go. */
export interface Uninstallation {
  /** Of the controller. */
  namespace: string
  /** Also while runs are active, or wait for their record. */
  force: boolean
}

/** Runs that would be cut short, or would lose their record. Nothing was changed. */
class UnrecordedRunsError extends Error {
  override name = 'UnrecordedRunsError'
}

interface Item {
  metadata: {
    name: string
    namespace: string
    finalizers?: string[]
    labels?: Record<string, string>
    annotations?: Record<string, string>
    deletionTimestamp?: string
  }
}

interface Deployment extends Item {
  spec?: { template?: { spec?: { containers?: { args?: string[] }[] } } }
}

interface List<T extends Item> {
  items: T[]
  metadata: { continue?: string }
}

/** Annotation of Jobs that lie in another namespace than their Run, which therefore does not own them. */
const RUN_NAMESPACE = 'fusee.dev/run-namespace'
const CONTROLLER_SELECTOR = Object.entries(CONTROLLER_LABELS)
  .map(([name, value]) => `${name}=${value}`)
  .join()
/** What all installations of a cluster have in common. */
const SHARED: ReadonlySet<string> = new Set(['CustomResourceDefinition', 'ClusterRole'])
const PAGE = '500'
const WAIT_MS = 500
/** The controller's pods get half a minute to end, and a little more to be gone. */
const MOST_WAITS = 120

/**
 * Takes an installation away without harm: the controller first, so that it makes nothing anew; then the finalizers, which nobody would lift any
 * more; then our kinds with all their objects; the rights last. Records stay where they are, in Git. Done again, it does what is left.
 * Where controllers of other namespaces remain, so does what they share, and all that they look after.
 */
export async function uninstall(ports: UninstallPorts, { namespace, force }: Uninstallation): Promise<void> {
  const remaining = await otherControllers(ports, namespace)
  const isLeft = (served: string): boolean => !remaining.some(({ serves }) => serves === null || serves === served)
  const listRuns = async (): Promise<Item[]> =>
    (await listAll(ports, '/apis/fusee.dev/v1alpha1/runs')).filter(({ metadata }) => isLeft(metadata.namespace))
  const open = (await listRuns()).filter(({ metadata }) => (metadata.finalizers ?? []).some(isOurs))
  if (open.length > 0 && !force) throw new UnrecordedRunsError(describeOpen(open))
  await removeController(ports, namespace)
  const jobs = (await listAll(ports, '/apis/batch/v1/jobs', 'app.kubernetes.io/managed-by=fusee')).filter((job) => isLeft(runNamespaceOf(job)))
  await release(ports, 'Jobs', '/apis/batch/v1', 'jobs', jobs)
  // The others go with the Runs that own them.
  for (const { metadata } of jobs.filter((job) => job.metadata.annotations?.[RUN_NAMESPACE] !== undefined)) {
    await deleteAt(ports, `/apis/batch/v1/namespaces/${metadata.namespace}/jobs/${metadata.name}`, `Job ${metadata.namespace}/${metadata.name}`)
  }
  // Those that came in the meantime, too.
  await release(ports, 'Runs', '/apis/fusee.dev/v1alpha1', 'runs', await listRuns())
  for (const object of rest(namespace)) {
    if (remaining.length === 0 || !SHARED.has(object.kind)) await remove(ports, object, namespace)
  }
  await deleteAt(ports, `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${NAME}`, `Lease ${NAME}`)
  if (remaining.length > 0) {
    const names = remaining.map((one) => `${one.namespace} ${one.serves === null ? '(for all namespaces)' : '(for itself)'}`).join(', ')
    ports.say(`the kinds, their objects and their roles are left: controllers remain in the namespaces ${names}`)
  }
  ports.say(`the namespace ${namespace} is left as it is: kubectl delete namespace ${namespace} removes it with all that is in it`)
  ports.say('records are where they were: on the status branches')
}

/** Controllers in other namespaces, each with the namespace whose Repositories it follows; null: all. */
async function otherControllers(ports: UninstallPorts, namespace: string): Promise<{ namespace: string; serves: string | null }[]> {
  const deployments = await listAll<Deployment>(ports, '/apis/apps/v1/deployments', CONTROLLER_SELECTOR)
  return deployments
    .filter(({ metadata }) => metadata.namespace !== namespace)
    .map(({ metadata, spec }) => {
      const words = (spec?.template?.spec?.containers ?? []).flatMap(({ args = [] }) => args)
      return { namespace: metadata.namespace, serves: words.includes(OWN_NAMESPACE_ONLY) ? metadata.namespace : null }
    })
}

function runNamespaceOf({ metadata }: Item): string {
  return metadata.annotations?.[RUN_NAMESPACE] ?? metadata.namespace
}

async function removeController(ports: UninstallPorts, namespace: string): Promise<void> {
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${NAME}`
  await deleteAt(ports, path, `Deployment ${namespace}/${NAME}`)
  for (let waits = 0; waits < MOST_WAITS; waits++) {
    const pods = await listAll(ports, `/api/v1/namespaces/${namespace}/pods`, CONTROLLER_SELECTOR)
    if (pods.length === 0) return
    await ports.pause(WAIT_MS)
  }
  throw new Error(`pods of the controller are still there in namespace ${namespace}: see why they do not end, then do it again`)
}

async function release(ports: UninstallPorts, what: string, api: string, plural: string, items: readonly Item[]): Promise<void> {
  const held = items.filter(({ metadata }) => (metadata.finalizers ?? []).some(isOurs))
  for (const { metadata } of held) {
    const finalizers = (metadata.finalizers ?? []).filter((one) => !isOurs(one))
    const path = `${api}/namespaces/${metadata.namespace}/${plural}/${metadata.name}`
    await ports.request({ method: 'PATCH', path, body: { metadata: { finalizers } }, contentType: 'application/merge-patch+json' })
  }
  if (held.length > 0) ports.say(`finalizers of ${held.length} ${what} lifted`)
}

/** All else that an installation of either kind has, kinds first, but for namespaces: others may live there. */
function rest(namespace: string): InstallObject[] {
  const all = (['Cluster', 'Namespace'] as const).flatMap((scope) => installObjects({ image: NAME, namespace, scope }))
  const unique = new Map(all.map((object) => [`${object.kind} ${object.metadata.name}`, object]))
  return [...unique.values()].filter(({ kind }) => kind !== 'Namespace' && kind !== 'Deployment')
}

async function remove(ports: UninstallPorts, { apiVersion, kind, metadata }: InstallObject, namespace: string): Promise<void> {
  const api = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  const place = metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`
  const path = `${api}${place}/${kind.toLowerCase()}s/${metadata.name}`
  if (kind === 'ClusterRoleBinding' && !(await bindsOwn(ports, path, namespace))) return
  await deleteAt(ports, path, `${kind} ${metadata.name}`)
}

/** Whether a binding is that of this installation: its name may be another one's. */
async function bindsOwn(ports: UninstallPorts, path: string, namespace: string): Promise<boolean> {
  const binding = await ports.request<{ subjects?: { namespace?: string }[] }>({ path })
  return binding?.subjects?.some((subject) => subject.namespace === namespace) === true
}

async function deleteAt(ports: UninstallPorts, path: string, what: string): Promise<void> {
  const answer = await ports.request({ method: 'DELETE', path, query: { propagationPolicy: 'Background' } })
  if (answer !== null) ports.say(`${what} deleted`)
}

async function listAll<T extends Item = Item>(ports: UninstallPorts, path: string, labelSelector?: string): Promise<T[]> {
  const items: T[] = []
  let token: string | undefined
  do {
    const list: List<T> | null = await ports.request<List<T>>({ path, query: { limit: PAGE, labelSelector, continue: token } })
    items.push(...(list?.items ?? []))
    token = list?.metadata.continue === '' ? undefined : list?.metadata.continue
  } while (token !== undefined)
  return items
}

function isOurs(finalizer: string): boolean {
  return finalizer.startsWith('fusee.dev/')
}

function describeOpen(open: readonly Item[]): string {
  const names = open.slice(0, 3).map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
  const more = open.length > names.length ? ` and ${open.length - names.length} more` : ''
  return (
    `runs are active or wait for their record: ${names.join(', ')}${more}. Nothing was changed. ` +
    'Wait until kubectl get runs shows them as recorded, or say --force, which ends them without a record'
  )
}
