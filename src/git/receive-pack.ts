import { Readable } from 'node:stream'
import type { Packet } from './pkt-line.ts'
import { CutStreamError, FLUSH, encodePacket, packetText, readPackets } from './pkt-line.ts'
import { encodePack } from './pack-encoder.ts'
import type { NewObject } from './objects.ts'
import type { CommitSha } from './ports.ts'
import { GitError } from './ports.ts'
import type { GitTransport } from './transport.ts'

/** One ref to move on a remote. */
export interface Push {
  ref: string
  /** Where the remote's ref must be; null when it must not exist. */
  expected: CommitSha | null
  next: CommitSha
  /** Exactly what the remote does not have. */
  objects: readonly NewObject[]
}

/** How the remote took it. */
export type PushResult = { kind: 'moved' } | { kind: 'refused'; reason: string }

const NO_COMMIT = '0'.repeat(40)

/**
 * Pushes in one request: the remote moves the ref only when it is at `expected`. Nothing is asked beforehand, because
 * what we need of a server every git since 2010 can. Throws GitError; when it is `Unreachable` the ref may have moved.
 */
export async function push(remote: GitTransport, request: Push, signal?: AbortSignal): Promise<PushResult> {
  const command = `${request.expected ?? NO_COMMIT} ${request.next} ${request.ref}\0 report-status side-band-64k agent=fusee`
  const body = Buffer.concat([encodePacket(command), FLUSH, encodePack(request.objects)])
  const answerBytes = await remote.ask('git-receive-pack', body, 0, signal)
  const { report, talk } = await readReport(remote, answerBytes)
  const unpack = report.find((line) => line.startsWith('unpack '))
  const answer = report.find((line) => line === `ok ${request.ref}` || line.startsWith(`ng ${request.ref} `))
  if (unpack === undefined || answer === undefined) {
    throw new GitError('Unreachable', `${remote.where} did not say whether the push arrived${quoted(remote, talk)}; it is looked up`)
  }
  if (unpack === 'unpack ok' && answer.startsWith('ok ')) return { kind: 'moved' }
  const reason = unpack === 'unpack ok' ? answer.slice(`ng ${request.ref} `.length) : unpack
  return { kind: 'refused', reason: remote.quote(reason) + quoted(remote, talk) }
}

function quoted(remote: GitTransport, talk: string): string {
  return talk.trim() === '' ? '' : ` (it says: ${remote.quote(talk)})`
}

/** The report's lines, and what hooks said. */
async function readReport(remote: GitTransport, body: AsyncIterable<Uint8Array>): Promise<{ report: string[]; talk: string }> {
  const plain: string[] = []
  const band: Buffer[] = []
  let talk = ''
  try {
    for await (const packet of readPackets(body, remote.where)) {
      if (packet.kind !== 'data') continue
      const channel = packet.bytes[0]
      if (channel === 1) band.push(packet.bytes.subarray(1))
      else if (channel === 2 || channel === 3) talk += packet.bytes.toString('utf8', 1)
      else if (packetText(packet).startsWith('ERR '))
        throw new GitError('PushRefused', `${remote.where} refuses the push (it says: ${remote.quote(packetText(packet).slice(4))})`)
      else plain.push(packetText(packet))
    }
    const inner: string[] = []
    for await (const packet of readPackets(Readable.from(band), remote.where)) inner.push(...lineOf(packet))
    return { report: [...plain, ...inner], talk }
  } catch (error) {
    if (!(error instanceof CutStreamError)) throw error
    throw new GitError('Unreachable', `cannot reach ${remote.where}: the connection was cut before the push was answered; it is looked up`, {
      cause: error,
    })
  }
}

function lineOf(packet: Packet): string[] {
  return packet.kind === 'data' ? [packetText(packet)] : []
}
