import { createHash } from 'node:crypto'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ListenAddress } from './listen-address.ts'
import { parseListenAddress } from './listen-address.ts'
import type { RepositoryDocument } from './repository-document.ts'
import { DEFAULT_NAMESPACE, policyOf, UNSTATED_POLICY } from './repository-policy.ts'
import type { RepositorySettings } from './repository-settings.ts'
import { isRemoteUrl, repositoryNameOf } from './repository-name.ts'

/** What `fusee serve` was given: flags as written, environment, and the Repository document if there is one. */
export interface WrittenServeConfig {
  repo: string | undefined
  document: RepositoryDocument | null
  data: string | undefined
  listen: string | undefined
  secrets: string | undefined
  /** Default false. */
  paused?: boolean | undefined
  env: Readonly<Record<string, string | undefined>>
  workingDirectory: string
}

/** What `fusee serve` is to do; defaults filled in, paths absolute. */
export interface ServeConfig {
  settings: RepositorySettings
  /** A remote's URL or the absolute path of a local folder. */
  url: string
  branch: string | null
  statusBranch: string
  /** Name of the Secret with the credentials, a folder below `secretsFolder`. */
  credentialsSecret: string | null
  /** Name of the Secret whose values may sign hooks, likewise. */
  webhookSecret: string | null
  /** Another repository that holds the status branch: its URL, or the absolute path of a local folder, and the Secret for it. */
  history: { url: string; credentialsSecret: string | null } | null
  /** Name of the Secret with the key that signs commits. */
  signingSecret: string | null
  dataFolder: string
  secretsFolder: string | null
  listen: ListenAddress
  /** Nothing new starts until it is resumed. */
  paused: boolean
}

const DEFAULT_LISTEN = '127.0.0.1:8080'
/** A local folder is looked at every second, whatever `interval` says. */
const LOCAL_INTERVAL_SECONDS = 1

/** Joins flags, document and defaults. Throws TypeError with what is missing or wrong. */
export function resolveServeConfig(written: WrittenServeConfig): ServeConfig {
  const spec = written.document?.spec
  const place = written.repo ?? spec?.url
  const given = place !== undefined && /^file:/i.test(place) ? fileURLToPath(place) : place
  if (given === undefined) throw new TypeError('nothing to follow: say --repo DIR|URL or --repository FILE')
  const isRemote = isRemoteUrl(given)
  const url = isRemote ? given : path.resolve(written.workingDirectory, given)
  const name = written.document?.metadata.name ?? repositoryNameOf(url)
  const secretsFolder = written.secrets === undefined ? null : path.resolve(written.workingDirectory, written.secrets)
  const credentialsSecret = spec?.secretRef?.name ?? null
  const webhookSecret = spec?.webhookSecretRef?.name ?? null
  const history = resolveHistory(spec?.history, written.workingDirectory)
  const signingSecret = spec?.history.signingKey?.secretRef.name ?? null
  for (const secret of [credentialsSecret, history?.credentialsSecret ?? null, signingSecret, webhookSecret]) {
    if (secret === null || secretsFolder !== null) continue
    throw new TypeError(`the Repository names the Secret ${secret}: say with --secrets DIR where the folder ${secret} lies`)
  }
  return {
    settings: {
      ref: { namespace: written.document?.metadata.namespace ?? DEFAULT_NAMESPACE, name },
      url: withoutCredentials(url),
      path: (spec?.path ?? 'workflows').replace(/^\.?\/+|\/+$/g, ''),
      intervalSeconds: isRemote ? (spec?.intervalSeconds ?? 60) : LOCAL_INTERVAL_SECONDS,
      historyIntervalSeconds: spec?.history.intervalSeconds ?? 10,
      ...(spec?.history.review === undefined ? {} : { review: spec.history.review }),
      suspend: spec?.suspend ?? false,
      maxParallelSteps: spec?.maxParallelSteps ?? 50,
      vars: spec?.vars ?? {},
      policy: written.document === null ? UNSTATED_POLICY : policyOf(written.document),
    },
    url,
    branch: spec?.branch ?? null,
    statusBranch: spec?.history.branch ?? 'fusee/status',
    credentialsSecret,
    webhookSecret,
    history,
    signingSecret,
    dataFolder: written.data === undefined ? defaultDataFolder(written.env, name, url) : path.resolve(written.workingDirectory, written.data),
    secretsFolder,
    listen: parseListenAddress(written.listen ?? DEFAULT_LISTEN),
    paused: written.paused ?? false,
  }
}

function resolveHistory(history: RepositoryDocument['spec']['history'] | undefined, workingDirectory: string): ServeConfig['history'] {
  if (history?.url === undefined) return null
  const url = isRemoteUrl(history.url) ? history.url : path.resolve(workingDirectory, history.url)
  return { url, credentialsSecret: history.secretRef?.name ?? null }
}

/** Below the user's state folder, one for each repository that is followed. Throws TypeError when there is no home. */
function defaultDataFolder(env: WrittenServeConfig['env'], name: string, url: string): string {
  const state = env['XDG_STATE_HOME'] ?? (env['HOME'] === undefined ? undefined : path.join(env['HOME'], '.local', 'state'))
  if (state === undefined) throw new TypeError('there is no home folder to keep state in: say where with --data DIR')
  return path.join(state, 'fusee', `${name}-${createHash('sha256').update(withoutCredentials(url)).digest('hex').slice(0, 8)}`)
}

/** The URL as people and logs may see it. */
function withoutCredentials(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, '$1').replace(/^([^:@/]*):[^@/]*@/, '$1@')
}
