/** Largest file that is read, in bytes. */
export const MAX_FILE_BYTES = 1024 * 1024

/** The text of a file, or why it is none. */
export type DecodedText = { kind: 'Text'; text: string } | { kind: 'Refused'; rule: 'file-too-large' | 'file-not-text'; message: string }

const DECODER = new TextDecoder('utf-8', { fatal: true })

/** The bytes as UTF-8 without a byte order mark. */
export function decodeText(bytes: Uint8Array): DecodedText {
  if (bytes.length > MAX_FILE_BYTES) {
    return { kind: 'Refused', rule: 'file-too-large', message: 'the file is larger than 1 MiB; split it' }
  }
  try {
    const text = DECODER.decode(bytes)
    if (!text.includes('\0')) return { kind: 'Text', text }
  } catch {
    // Falls through: one message for everything that is no text.
  }
  return { kind: 'Refused', rule: 'file-not-text', message: 'the file is not UTF-8 text; save it as UTF-8' }
}
