import type { Client, ClientChannel, ConnectConfig } from 'ssh2'
import type { Credentials } from './credentials.ts'
import { errorCode, oneLine } from './failures.ts'
import type { HostKeys } from './known-hosts.ts'
import { findHostKeys } from './known-hosts.ts'
import { networkReason } from './network-reasons.ts'
import { GitError } from './ports.ts'
import { fingerprintOf, parsePrivateKey } from './ssh-keys.ts'
import { createSshReader } from './ssh-wire.ts'
import type { SshPlace } from './ssh-url.ts'

/** A connection to one host, made when it is needed and kept. */
export interface SshConnection {
  /** Starts a command there; a connection that has died meanwhile is made anew once. Throws GitError; when aborted, the signal's reason. */
  exec(command: string, env: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<ClientChannel>
  /** Cuts off what is under way. */
  close(): void
}

/** Where to connect, as whom, and how long to wait. */
export interface SshConnectionOptions {
  place: SshPlace
  credentials: Credentials
  /** Longest wait for the connection to be made, and for any answer. */
  idleTimeoutMs: number
}

const DEFAULT_USER = 'git'
const KEEP_ALIVE_MS = 15_000
/** What a key of a known host may sign with; SHA-1 is not among them. */
const SIGNATURES: Readonly<Record<string, string[]>> = { 'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'] }

/** Opens nothing yet. The ssh library is loaded when the first connection is made. */
export function createSshConnection(options: SshConnectionOptions): SshConnection {
  let connected: Promise<Client> | null = null
  let newest: Client | null = null
  let isClosed = false

  function connection(): Promise<Client> {
    if (connected !== null) return connected
    const begun = (client: Client): void => {
      newest = client
      if (isClosed) client.destroy()
    }
    const made: Promise<Client> = connect(options, begun, () => {
      if (connected === made) connected = null
    })
    connected = made
    return made
  }

  async function exec(command: string, env: Readonly<Record<string, string>>, mayRepeat: boolean): Promise<ClientChannel> {
    const isKept = connected !== null
    const client = await connection()
    try {
      return await new Promise<ClientChannel>((resolve, reject) => {
        const gone = (): void => reject(new Error('the connection was cut; it is tried again'))
        // A kept connection may lead nowhere any more: nobody else looks for that here.
        const silence = setTimeout(() => {
          reject(new SilentError(`it went silent (no data for ${options.idleTimeoutMs / 1000} s); it is tried again`))
        }, options.idleTimeoutMs)
        client.once('close', gone)
        client.exec(command, { env }, (error, channel) => {
          clearTimeout(silence)
          client.off('close', gone)
          if (error === undefined) resolve(channel)
          else reject(error)
        })
      })
    } catch (error) {
      connected = null
      client.destroy()
      if (isKept && mayRepeat && !isClosed && !(error instanceof SilentError)) return exec(command, env, false)
      throw new GitError('Unreachable', `cannot reach ${options.place.where}: ${reasonOf(error)}`, { cause: error })
    }
  }

  return {
    exec: (command, env, signal) => untilAborted(exec(command, env, true), signal, (channel) => channel.destroy()),
    close() {
      isClosed = true
      connected = null
      newest?.destroy()
    },
  }
}

class SilentError extends Error {}

/** The work, or the signal's reason when that comes first; what comes too late is let go. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined, release: (value: T) => void): Promise<T> {
  if (signal === undefined) return work
  signal.throwIfAborted()
  let stop: () => void = () => undefined
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error)
    signal.addEventListener('abort', stop, { once: true })
  })
  try {
    return await Promise.race([work, aborted])
  } catch (error) {
    if (signal.aborted) void work.then(release).catch(() => undefined)
    throw error
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

async function connect(options: SshConnectionOptions, onBegin: (client: Client) => void, onEnd: () => void): Promise<Client> {
  const { place, credentials } = options
  const refusals: GitError[] = []
  try {
    const config = await describe(options, (error) => refusals.push(error))
    const { default: ssh2 } = await import('ssh2')
    const client = new ssh2.Client()
    client.on('close', onEnd)
    await new Promise<void>((resolve, reject) => {
      client.on('ready', () => resolve())
      // Also later, when nobody waits: what is under way ends with its channel.
      client.on('error', (error) => {
        onEnd()
        reject(error)
      })
      client.on('close', () => reject(new Error('the connection was closed before it was made')))
      client.connect(config)
      onBegin(client)
    })
    return client
  } catch (error) {
    onEnd()
    throw refusals[0] ?? (error instanceof GitError ? error : connectError(place, credentials, error))
  }
}

async function describe({ place, credentials, idleTimeoutMs }: SshConnectionOptions, refuse: (error: GitError) => unknown): Promise<ConnectConfig> {
  const { where, host, port } = place
  if (credentials.identity === undefined) {
    throw new GitError('Unauthorized', `${where} is reached by ssh, which needs a key: give the Secret an identity (a private key) and known_hosts`)
  }
  if (credentials.knownHosts === undefined) {
    throw new GitError(
      'Unauthorized',
      `${where} is reached by ssh, which needs to know the host's key: give the Secret known_hosts (ssh-keyscan ${host})`,
    )
  }
  await checkIdentity(where, credentials)
  const keys = findHostKeys(credentials.knownHosts, host, port)
  return {
    host,
    port,
    username: place.user ?? credentials.username ?? DEFAULT_USER,
    privateKey: `${credentials.identity.trim()}\n`,
    ...(credentials.password === undefined ? {} : { passphrase: credentials.password }),
    readyTimeout: idleTimeoutMs,
    keepaliveInterval: KEEP_ALIVE_MS,
    authHandler: ['publickey'],
    hostVerifier: (blob: Buffer) => {
      const problem = judgeHostKey(place, keys, blob)
      if (problem !== null) refuse(problem)
      return problem === null
    },
    // So that a host with several keys shows one that is known.
    ...(keys.types.length === 0 ? {} : { algorithms: { serverHostKey: keys.types.flatMap((type) => SIGNATURES[type] ?? [type]) as never[] } }),
  }
}

/** Read here first, because the library's own words on a bad key do not say what to do. */
async function checkIdentity(where: string, { identity = '', password }: Credentials): Promise<void> {
  try {
    await parsePrivateKey(identity, password)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new GitError('Unauthorized', `the identity for ${where} cannot be used: ${error.message}`, { cause: error })
  }
}

function judgeHostKey({ where, host, port }: SshPlace, keys: HostKeys, blob: Buffer): GitError | null {
  const verdict = keys.judge(blob)
  if (verdict === 'Known') return null
  const shown = `${createSshReader(blob).string().toString('latin1')} ${fingerprintOf(blob)}`
  const name = port === 22 ? host : `[${host}]:${port}`
  if (verdict === 'Revoked')
    return new GitError('Unauthorized', `${where} shows the host key ${shown}, which known_hosts has revoked: nothing is sent to it`)
  if (keys.types.length === 0) {
    return new GitError(
      'Unauthorized',
      `the host key of ${where} is not known: it shows ${shown}; when that is right, add its line for ${name} to known_hosts`,
    )
  }
  return new GitError(
    'Unauthorized',
    `the host key of ${where} is not the one in known_hosts: it shows ${shown}. Somebody may be in between, or the host has a new key: ask its operators, then change known_hosts`,
  )
}

function connectError({ where }: SshPlace, credentials: Credentials, error: unknown): GitError {
  const message = error instanceof Error ? error.message : String(error)
  const level = error instanceof Error && 'level' in error ? error.level : ''
  if (level === 'client-authentication') {
    return new GitError('Unauthorized', `${where} does not accept the key: give its public half the right to read there, or another identity`, {
      cause: error,
    })
  }
  if (/no matching host key/i.test(message)) {
    return new GitError(
      'Unauthorized',
      `${where} has no host key of the kinds in known_hosts: add the lines that ssh-keyscan shows for it, when they are right`,
      {
        cause: error,
      },
    )
  }
  const secrets = [credentials.password ?? '']
  return new GitError(
    'Unreachable',
    `cannot reach ${where}: ${level === 'client-timeout' ? 'no answer; check the network and its firewalls' : oneLine(reasonOf(error), secrets)}`,
    {
      cause: error,
    },
  )
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && /^Connection lost/i.test(error.message)) return 'the connection was cut; it is tried again'
  return networkReason(errorCode(error)) ?? (error instanceof Error ? error.message : String(error))
}
