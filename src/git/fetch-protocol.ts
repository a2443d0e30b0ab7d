import type { Packet } from './pkt-line.ts'
import { packetText } from './pkt-line.ts'
import { GitError } from './ports.ts'
import type { GitTransport } from './transport.ts'

/** Where branches of a remote are. */
export interface RemoteRefs {
  /** Commit ids by full name of the ref. */
  refs: ReadonlyMap<string, string>
  /** The branch that HEAD of the remote is on, without `refs/heads/`; null when it is on none, or was not asked for. */
  headBranch: string | null
}

/** What to fetch. */
export interface FetchRequest {
  wants: readonly string[]
  /** Commits that are here, with all that they reach up to `shallow`. */
  haves: readonly string[]
  /** Commits whose parents are not here. */
  shallow: readonly string[]
  /** How many commits deep; null for everything that the haves do not reach. */
  depth: number | null
  /** What to leave out: nothing, all blobs that are not asked for by id, or all trees and blobs. */
  filter: 'blob:none' | 'tree:0' | null
  /** Take no pack when the remote's history does not reach the haves, which could mean all of its history. */
  onlyIncrement: boolean
}

/** What came. The pack itself went to the sink. */
export type FetchResult = { kind: 'pack'; shallow: string[]; unshallow: string[] } | { kind: 'nothing-in-common' }

/** Takes the bytes of a pack as they come. */
export type PackSink = (bytes: Uint8Array) => Promise<void>

/** What the server says that it can. */
export type Advertisement =
  | { version: 2; capabilities: ReadonlyMap<string, string> }
  | { version: 0; capabilities: ReadonlyMap<string, string>; refs: ReadonlyMap<string, string>; headBranch: string | null }

/** The server answered that it will not do this request. */
export class RemoteRefusalError extends GitError {
  constructor(where: string, text: string) {
    super('Corrupt', `${where} refused to send objects (it says: ${text}): check that they are still there and that fetching by id is allowed`)
  }
}

/** The packet, unless it is the server's word that it will not. */
export function checkPacket(remote: GitTransport, packet: Packet): Packet {
  if (packet.kind === 'data' && packet.bytes.toString('latin1', 0, 4) === 'ERR ')
    throw new RemoteRefusalError(remote.where, remote.quote(packetText(packet).slice(4)))
  return packet
}

/** Channel 1 is the pack, 2 is talk, 3 is the server's last word. */
export async function takeSideband(remote: GitTransport, bytes: Buffer, sink: PackSink): Promise<void> {
  if (bytes[0] === 1) await sink(bytes.subarray(1))
  if (bytes[0] !== 3) return
  throw new GitError(
    'Unreachable',
    `${remote.where} failed while it sent objects (it says: ${remote.quote(bytes.toString('utf8', 1))}); it is tried again`,
  )
}
