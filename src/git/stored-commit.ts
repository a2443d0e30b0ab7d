import type { CommitPerson, CommitSha, StoredCommit } from './ports.ts'
import { asCommitSha } from './ports.ts'
import { parseCommit } from './objects.ts'

/** Headers that hold a signature; git leaves all of them out of what is signed. */
const SIGNATURE_HEADERS = ['gpgsig', 'gpgsig-sha256']

/**
 * The parts of a commit's bytes, split as git does it: only headers are looked at, never the message. Throws RangeError when
 * they are no commit, or carry several signatures. Own code because the library's payload is wrong for SSH signatures.
 */
export function parseStoredCommit(id: CommitSha, bytes: Uint8Array): StoredCommit {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const { tree, parents, message } = parseCommit(bytes)
  const { kept, signature, headers } = splitHeaders(buffer)
  return {
    id,
    tree,
    parents: parents.map(asCommitSha),
    message,
    author: parsePerson(headers.get('author') ?? ''),
    committer: parsePerson(headers.get('committer') ?? ''),
    payload: Buffer.concat(kept),
    signature,
  }
}

function splitHeaders(buffer: Buffer): { kept: Buffer[]; signature: string | null; headers: Map<string, string> } {
  const kept: Buffer[] = []
  const headers = new Map<string, string>()
  let signature: Buffer[] | null = null
  /** The header that continuation lines belong to. */
  let current = ''
  let at = 0
  for (;;) {
    const end = buffer.indexOf(0x0a, at)
    const next = end < 0 ? buffer.length : end + 1
    const line = buffer.subarray(at, next)
    if (line.length === 0 || line[0] === 0x0a) break
    at = next
    const isContinuation = line[0] === 0x20
    const space = line.indexOf(0x20)
    if (!isContinuation) current = line.toString('latin1', 0, Math.max(0, space))
    if (!SIGNATURE_HEADERS.includes(current)) {
      kept.push(line)
      if (!isContinuation) headers.set(current, line.toString('utf8', space + 1).trimEnd())
    } else if (current === 'gpgsig') {
      if (!isContinuation && signature !== null) throw new RangeError('a commit carries two signatures')
      signature = [...(signature ?? []), line.subarray(isContinuation ? 1 : space + 1)]
    }
  }
  kept.push(buffer.subarray(at))
  return { kept, signature: signature === null ? null : Buffer.concat(signature).toString('latin1'), headers }
}

function parsePerson(text: string): CommitPerson {
  const [, name = '', email = '', seconds = '0'] = /^(.*?) ?<([^>]*)> (\d+)/.exec(text) ?? []
  return { name, email, atSeconds: Number(seconds) }
}

/** The bytes of a commit with a signature over them, where git puts it: as the last header. */
export function withSignature(payload: Uint8Array, signature: string): Uint8Array {
  const buffer = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)
  const end = buffer.indexOf('\n\n') + 1
  const lines = signature.trimEnd().split('\n').join('\n ')
  return Buffer.concat([buffer.subarray(0, end), Buffer.from(`gpgsig ${lines}\n`), buffer.subarray(end)])
}
