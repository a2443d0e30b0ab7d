import type { Credentials } from './credentials.ts'
import { secretsOf } from './credentials.ts'
import { oneLine } from './failures.ts'
import { GitError } from './ports.ts'
import { createSshConnection } from './ssh-connection.ts'
import type { SshSession } from './ssh-session.ts'
import { createSshSession } from './ssh-session.ts'
import type { SshPlace } from './ssh-url.ts'
import type { GitService, GitTransport } from './transport.ts'

/** Bounds of a transport. */
export interface SshTransportOptions {
  /** Longest silence of the remote, and longest wait for the connection. */
  idleTimeoutMs: number
  /** Longest request as a whole. */
  totalTimeoutMs: number
  /** Largest answer. */
  maxBytes: number
}

const VERSION_2 = { GIT_PROTOCOL: 'version=2' }
const GREETING_2 = '000eversion 2\n'

/**
 * Speaks with a repository over ssh, on one kept connection: each request is a session of its own, in which the service greets
 * first. A server that does not accept the variable GIT_PROTOCOL greets with version 0.
 */
export function createSshTransport(place: SshPlace, credentials: Credentials, options: SshTransportOptions): GitTransport {
  const connection = createSshConnection({ place, credentials, idleTimeoutMs: options.idleTimeoutMs })
  const secrets = [...secretsOf(credentials), credentials.identity ?? '']
  const { where } = place

  async function open(service: GitService, version: 0 | 2, signal?: AbortSignal): Promise<SshSession> {
    const channel = await connection.exec(`${service} ${quoteForShell(place.path)}`, version === 2 ? VERSION_2 : {}, signal)
    return createSshSession(channel, { ...options, service, where, secrets, signal })
  }

  return {
    where,
    quote: (text) => oneLine(text, secrets),
    close: () => connection.close(),
    async greet(service, signal) {
      const session = await open(service, 2, signal)
      try {
        return iterate(await session.greeting())
      } finally {
        session.close()
      }
    },
    async ask(service, body, version, signal) {
      const session = await open(service, version, signal)
      try {
        const greeting = await session.greeting()
        if ((version === 2) === (greeting.toString('latin1', 0, GREETING_2.length) === GREETING_2)) return session.answer(body)
        throw new GitError('Unreachable', `${where} speaks another version of git's protocol than before; it is asked again`)
      } catch (error) {
        session.close()
        throw error
      }
    },
  }
}

async function* iterate(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

function quoteForShell(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
