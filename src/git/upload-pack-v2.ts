import type { Packet } from './pkt-line.ts'
import { CutStreamError, DELIMITER, FLUSH, encodePacket, packetText, readPackets } from './pkt-line.ts'
import { GitError } from './ports.ts'
import type { GitTransport } from './transport.ts'
import type { Advertisement, FetchRequest, FetchResult, PackSink, RemoteRefs } from './fetch-protocol.ts'
import { checkPacket, takeSideband } from './fetch-protocol.ts'

/** Reads the capabilities after `version 2`. */
export function parseVersion2(lines: readonly string[]): Advertisement {
  const capabilities = new Map(lines.map((line): [string, string] => [line.split('=')[0] ?? '', line.slice(line.indexOf('=') + 1)]))
  return { version: 2, capabilities }
}

/** Asks for refs: one request of a few hundred bytes. */
export async function listRefsVersion2(
  remote: GitTransport,
  capabilities: ReadonlyMap<string, string>,
  prefixes: readonly string[],
  signal?: AbortSignal,
): Promise<RemoteRefs> {
  const unborn = (capabilities.get('ls-refs') ?? '').split(' ').includes('unborn') ? [encodePacket('unborn\n')] : []
  const body = [
    encodePacket('command=ls-refs\n'),
    DELIMITER,
    encodePacket('symrefs\n'),
    ...unborn,
    ...prefixes.map((prefix) => encodePacket(`ref-prefix ${prefix}\n`)),
    FLUSH,
  ]
  const answer = await remote.ask('git-upload-pack', Buffer.concat(body), 2, signal)
  const refs = new Map<string, string>()
  let headBranch: string | null = null
  let ended = false
  for await (const packet of readPackets(answer, remote.where)) {
    if (checkPacket(remote, packet).kind === 'flush') ended = true
    if (packet.kind !== 'data') continue
    const [id = '', ref = '', ...attributes] = packetText(packet).split(' ')
    if (ref === 'HEAD') headBranch = attributes.find((attribute) => attribute.startsWith('symref-target:refs/heads/'))?.slice(25) ?? null
    if (/^[0-9a-f]{40}$/.test(id)) refs.set(ref, id)
  }
  if (!ended) throw new CutStreamError('the list of refs ends before its end')
  return { refs, headBranch }
}

/** Fetches one pack. */
export async function fetchVersion2(remote: GitTransport, request: FetchRequest, sink: PackSink, signal?: AbortSignal): Promise<FetchResult> {
  const body = await remote.ask('git-upload-pack', encodeFetch(request), 2, signal)
  const answer = createAnswer(remote, sink)
  for await (const packet of readPackets(body, remote.where)) await answer.take(packet)
  return answer.result(request.onlyIncrement)
}

function encodeFetch(request: FetchRequest): Buffer {
  const lines = [
    'ofs-delta',
    'no-progress',
    // Only so does the server look beyond a cut-off history for trees that are here already. Elsewhere not, because each pack would lean on the one before.
    ...(request.depth !== null && request.haves.length > 0 ? ['thin-pack'] : []),
    ...request.shallow.map((id) => `shallow ${id}`),
    ...(request.depth === null ? [] : [`deepen ${request.depth}`]),
    ...(request.filter === null ? [] : [`filter ${request.filter}`]),
    ...request.wants.map((id) => `want ${id}`),
    ...request.haves.map((id) => `have ${id}`),
    // Without it the server sends a pack only when it knows enough of our haves.
    ...(request.onlyIncrement ? [] : ['done']),
  ]
  const start = [encodePacket('command=fetch'), encodePacket('object-format=sha1'), DELIMITER]
  return Buffer.concat([...start, ...lines.map((line) => encodePacket(`${line}\n`)), FLUSH])
}

interface Answer {
  take(packet: Packet): Promise<void>
  result(mayBeEmpty: boolean): FetchResult
}

/** Follows the sections of an answer: acknowledgments, shallow-info, packfile. */
function createAnswer(remote: GitTransport, sink: PackSink): Answer {
  let section = ''
  let hasPack = false
  let ended = false
  const shallow: string[] = []
  const unshallow: string[] = []
  return {
    async take(packet) {
      checkPacket(remote, packet)
      if (packet.kind === 'flush') ended = true
      if (packet.kind === 'delimiter') section = ''
      if (packet.kind !== 'data') return
      if (section === '') {
        section = packetText(packet)
        hasPack ||= section === 'packfile'
      } else if (section === 'shallow-info') {
        const [word, id = ''] = packetText(packet).split(' ')
        if (word === 'shallow') shallow.push(id)
        if (word === 'unshallow') unshallow.push(id)
      } else if (section === 'packfile') await takeSideband(remote, packet.bytes, sink)
    },
    result(mayBeEmpty) {
      if (!ended) throw new CutStreamError('the pack ends before its end')
      if (hasPack) return { kind: 'pack', shallow, unshallow }
      if (mayBeEmpty) return { kind: 'nothing-in-common' }
      throw new GitError('Corrupt', `${remote.where} answered a fetch without a pack: check that the URL is that of a Git repository`)
    },
  }
}
