import { CutStreamError, FLUSH, encodePacket, packetText, readPackets } from './pkt-line.ts'
import type { GitTransport } from './transport.ts'
import type { Advertisement, FetchRequest, FetchResult, PackSink } from './fetch-protocol.ts'
import { checkPacket, takeSideband } from './fetch-protocol.ts'

/** Reads the greeting of a server that does not know version 2: its refs, with the capabilities after the first. */
export function parseVersion0(lines: readonly string[]): Advertisement {
  const capabilities = new Map<string, string>()
  const refs = new Map<string, string>()
  let headBranch: string | null = null
  for (const line of lines) {
    const [ref = '', words = ''] = line.split('\0')
    const [id = '', name = ''] = ref.split(' ')
    // An empty repository shows its capabilities on a ref that is none.
    if (/^[0-9a-f]{40}$/.test(id) && !name.endsWith('^{}')) refs.set(name, id)
    for (const word of words.split(' ').filter((candidate) => candidate !== '')) {
      const [key = '', value = ''] = [word.split('=')[0], word.slice(word.indexOf('=') + 1)]
      if (key === 'symref' && value.startsWith('HEAD:refs/heads/')) headBranch = value.slice('HEAD:refs/heads/'.length)
      else capabilities.set(key, value)
    }
  }
  return { version: 0, capabilities, refs, headBranch }
}

/** Fetches one pack. The server cannot be asked for an increment alone: where nothing is in common, all of the history comes. */
export async function fetchVersion0(
  remote: GitTransport,
  capabilities: ReadonlyMap<string, string>,
  request: FetchRequest,
  sink: PackSink,
  signal?: AbortSignal,
): Promise<FetchResult> {
  const answer = await remote.ask('git-upload-pack', encodeFetch(capabilities, request), 0, signal)
  const shallow: string[] = []
  const unshallow: string[] = []
  let inPack = false
  let ended = false
  for await (const packet of readPackets(answer, remote.where)) {
    if (checkPacket(remote, packet).kind === 'flush' && inPack) ended = true
    if (packet.kind !== 'data') continue
    const [word = '', id = ''] = packetText(packet).split(' ')
    if (inPack || !['shallow', 'unshallow', 'ACK', 'NAK'].includes(word)) {
      inPack = true
      await takeSideband(remote, packet.bytes, sink)
    } else if (word === 'shallow') shallow.push(id)
    else if (word === 'unshallow') unshallow.push(id)
  }
  if (!ended) throw new CutStreamError('the pack ends before its end')
  return { kind: 'pack', shallow, unshallow }
}

function encodeFetch(capabilities: ReadonlyMap<string, string>, request: FetchRequest): Buffer {
  const wanted = [
    'side-band-64k',
    'ofs-delta',
    'no-progress',
    ...(request.depth === null ? [] : ['shallow']),
    ...(request.filter === null ? [] : ['filter']),
  ]
  const words = wanted.filter((word) => capabilities.has(word)).join(' ')
  const lines = [
    ...request.wants.map((id, index) => (index === 0 ? `want ${id} ${words}` : `want ${id}`)),
    ...request.shallow.map((id) => `shallow ${id}`),
    ...(request.depth === null ? [] : [`deepen ${request.depth}`]),
    ...(request.filter === null ? [] : [`filter ${request.filter}`]),
  ]
  const rest = [...request.haves.map((id) => `have ${id}`), 'done']
  return Buffer.concat([...lines.map((line) => encodePacket(`${line}\n`)), FLUSH, ...rest.map((line) => encodePacket(`${line}\n`))])
}
