import type { ClientChannel } from 'ssh2'
import { oneLine } from './failures.ts'
import { endOfFlush } from './pkt-line.ts'
import { GitError } from './ports.ts'
import { serviceError } from './ssh-service-error.ts'
import type { GitService } from './transport.ts'

/** One run of a git service at the other end of a channel. */
export interface SshSession {
  /** What the service says first, up to and with the packet that ends it. Throws GitError. */
  greeting(): Promise<Buffer>
  /** Sends the request; the answer's bytes. Throws GitError while it is read. */
  answer(body: Uint8Array): AsyncGenerator<Uint8Array>
  close(): void
}

/** One command over a connection, and its bounds. */
export interface SshSessionOptions {
  service: GitService
  where: string
  idleTimeoutMs: number
  totalTimeoutMs: number
  maxBytes: number
  secrets: readonly string[]
  signal: AbortSignal | undefined
}

const MOST_TALK = 2000

/** Takes over a channel on which the service has just been started. */
export function createSshSession(channel: ClientChannel, options: SshSessionOptions): SshSession {
  const { where, service, signal } = options
  const exit: { code: number | null; talk: string } = { code: null, talk: '' }
  const closed = new Promise<void>((resolve) => channel.on('close', () => resolve()))
  channel.on('exit', (code: number | null) => {
    exit.code = code
  })
  channel.stderr.on('data', (bytes: Buffer) => {
    exit.talk = (exit.talk + bytes.toString()).slice(-MOST_TALK)
  })
  const watch = watchChannel(channel, options)
  const chunks = channel[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  let rest: Buffer = Buffer.alloc(0)
  let received = 0

  async function next(): Promise<Buffer | null> {
    try {
      const result = await chunks.next()
      if (result.done === true && watch.failure() === null) return null
      if (result.done === true) throw new Error('given up')
      watch.touch()
      received += result.value.length
      if (received > options.maxBytes) throw tooLarge(options)
      return result.value
    } catch (error) {
      const failure = watch.failure() ?? error
      close()
      if (failure instanceof GitError || failure === signal?.reason) throw failure
      throw new GitError('Unreachable', `cannot reach ${where}: ${oneLine(String(failure), options.secrets)}`, { cause: failure })
    }
  }

  function close(): void {
    watch.end()
    channel.destroy()
  }

  return {
    close,
    async greeting() {
      for (;;) {
        const end = endOfFlush(rest, where)
        if (end !== null) {
          const greeting = rest.subarray(0, end)
          rest = rest.subarray(end)
          return greeting
        }
        const chunk = await next()
        if (chunk === null) break
        rest = Buffer.concat([rest, chunk])
      }
      // The exit code and the last words come after the end of the output.
      await closed
      close()
      throw serviceError({ where, service, code: exit.code, talk: oneLine(exit.talk, options.secrets) })
    },
    async *answer(body) {
      try {
        channel.on('error', () => undefined)
        channel.end(body)
        if (rest.length > 0) yield rest
        for (let chunk = await next(); chunk !== null; chunk = await next()) yield chunk
      } finally {
        close()
      }
    },
  }
}

interface Watch {
  touch(): void
  /** Why the channel was given up; null when it was not. */
  failure(): unknown
  end(): void
}

/** Gives the channel up after too long a silence, too long a time, or when told to. */
function watchChannel(channel: ClientChannel, { where, idleTimeoutMs, totalTimeoutMs, signal }: SshSessionOptions): Watch {
  let failure: unknown = null
  function giveUp(reason: unknown): void {
    failure ??= reason
    channel.destroy()
  }
  const silence = (): void =>
    giveUp(new GitError('Unreachable', `cannot reach ${where}: it went silent (no data for ${idleTimeoutMs / 1000} s); it is tried again`))
  const tooLong = (): void =>
    giveUp(new GitError('Unreachable', `cannot reach ${where}: it has not answered whole within ${totalTimeoutMs / 1000} s; it is tried again`))
  const stop = (): void => giveUp(signal?.reason)
  const idle = setTimeout(silence, idleTimeoutMs)
  const total = setTimeout(tooLong, totalTimeoutMs)
  signal?.addEventListener('abort', stop, { once: true })
  if (signal?.aborted === true) stop()
  return {
    touch: () => void idle.refresh(),
    failure: () => failure,
    end() {
      clearTimeout(idle)
      clearTimeout(total)
      signal?.removeEventListener('abort', stop)
    },
  }
}

function tooLarge({ where, maxBytes }: SshSessionOptions): GitError {
  return new GitError(
    'TooLarge',
    `${where} sends more than ${Math.floor(maxBytes / 2 ** 20)} MiB: keep large files out of the repository, or raise the bound`,
  )
}
