import { Option } from 'commander'
import type { Command } from 'commander'
import { USER_HEADER } from '../server/authenticate.ts'
import type { ApiReason } from '../server/api-error.ts'
import type { Shell } from './shell.ts'
import { UsageError } from './shell.ts'
import { userName } from './user-name.ts'

const DEFAULT_URL = 'http://127.0.0.1:8080'

/** Options of every command that asks a running controller. */
export interface ControllerOptions {
  url: string
  repository?: string
  output: 'text' | 'json'
}

/** What is said of a Repository here. */
export interface RepositoryRef {
  namespace: string
  name: string
}

/** A running controller's API. Refusals are thrown: UsageError when what was asked makes no sense, else Error. */
export interface ApiClient {
  get<T>(path: string): Promise<T>
  post<T>(path: string, body: unknown): Promise<T>
  delete<T>(path: string): Promise<T>
  /** Text as it comes. */
  stream(path: string): AsyncIterable<string>
  /** The Repository that `--repository` names; without it the only one that is followed. */
  repository(): Promise<RepositoryRef>
}

/** Adds `--url`, `--repository` and `--output` to a command. */
export function withControllerOptions(command: Command): Command {
  return command
    .option('--url <url>', 'address of the running controller', DEFAULT_URL)
    .option('--repository <name>', 'Repository, as [namespace/]name; not needed when only one is followed')
    .addOption(new Option('--output <format>', 'text or json').choices(['text', 'json']).default('text'))
}

/** The client that a command's options ask for. `$FUSEE_TOKEN` is sent as bearer token when it is set. */
export function createApiClient(shell: Shell, options: ControllerOptions): ApiClient {
  const base = baseOf(options.url)
  const token = shell.env['FUSEE_TOKEN']
  const headers: Record<string, string> = {
    [USER_HEADER]: encodeURIComponent(userName()),
    ...(token === undefined || token === '' ? {} : { authorization: `Bearer ${token}` }),
  }
  const signal = shell.stopSignal()

  async function request(path: string, init: RequestInit): Promise<Response> {
    let response: Response
    try {
      response = await fetch(`${base}/api/v1${path}`, { ...init, signal, redirect: 'error' })
    } catch (error) {
      throw new Error(`cannot reach ${base}: ${causeOf(error)}; say with --url where fusee serve listens`, { cause: error })
    }
    if (response.ok) return response
    throw await refusalOf(response, base)
  }

  const client: ApiClient = {
    async get<T>(path: string) {
      return (await (await request(path, { headers })).json()) as T
    },
    async post<T>(path: string, body: unknown) {
      const init = { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) }
      return (await (await request(path, init)).json()) as T
    },
    async delete<T>(path: string) {
      return (await (await request(path, { method: 'DELETE', headers })).json()) as T
    },
    async *stream(path) {
      const { body } = await request(path, { headers })
      const decoder = new TextDecoder()
      if (body !== null) for await (const chunk of body as AsyncIterable<Uint8Array>) yield decoder.decode(chunk, { stream: true })
    },
    async repository() {
      if (options.repository !== undefined) return parseRepository(options.repository)
      const { repositories } = await client.get<{ repositories: RepositoryRef[] }>('/repositories')
      const [first, ...others] = repositories
      if (first === undefined) throw new UsageError(`${base} follows no repository yet`)
      if (others.length === 0) return first
      const names = repositories.map(({ namespace, name }) => `${namespace}/${name}`)
      throw new UsageError(`${base} follows ${names.length} repositories: say which with --repository: ${names.slice(0, 10).join(', ')}`)
    },
  }
  return client
}

/** The path of a Repository in the API. */
export function repositoryPath({ namespace, name }: RepositoryRef): string {
  return `/repositories/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`
}

function parseRepository(text: string): RepositoryRef {
  const [first = '', second, ...rest] = text.split('/')
  if (first === '' || second === '' || rest.length > 0) throw new UsageError(`${JSON.stringify(text)} is no Repository: write name or namespace/name`)
  return second === undefined ? { namespace: 'default', name: first } : { namespace: first, name: second }
}

function baseOf(url: string): string {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) throw new UsageError(`--url ${JSON.stringify(url)} is no http(s) address`)
  return url.replace(/\/+$/, '')
}

/** Reasons that say that the question itself was wrong. */
const WRONG_USE: ReadonlySet<ApiReason> = new Set<ApiReason>(['BadRequest', 'NotFound', 'Invalid', 'MethodNotAllowed', 'TooLarge'])

async function refusalOf(response: Response, base: string): Promise<Error> {
  try {
    const { error } = (await response.json()) as { error: { reason: ApiReason; message: string } }
    if (response.status === 401) return new Error(`${error.message}; put the token into $FUSEE_TOKEN`)
    return WRONG_USE.has(error.reason) ? new UsageError(error.message) : new Error(error.message)
  } catch {
    return new Error(`${base} answered ${response.status}, and not as a Fusee controller does: check --url`)
  }
}

function causeOf(error: unknown): string {
  const { cause } = error as { cause?: NodeJS.ErrnoException }
  if (cause?.code === 'ECONNREFUSED') return 'nothing listens there'
  return cause?.message ?? (error instanceof Error ? error.message : String(error))
}
