import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { codeOf } from './storage-errors.ts'

/**
 * The last lines of what the containers of a pod printed, in the order of their indexes: at most `maxBytes` of valid UTF-8,
 * from the beginning of a line unless the last line alone is longer.
 */
export function readPodLogTail(folder: string, containers: number, maxBytes: number): string {
  let text = Buffer.alloc(0)
  let isWhole = true
  for (let index = containers - 1; index >= 0 && text.length <= maxBytes; index--) {
    const current = readEnd(join(folder, 'logs', String(index)), maxBytes + 1)
    const older = readEnd(join(folder, 'logs', `${index}.old`), maxBytes + 1)
    text = Buffer.concat([older, current, text])
  }
  if (text.length > maxBytes) {
    isWhole = false
    text = text.subarray(text.length - maxBytes - 1)
  }
  return fit(isWhole ? text : dropPartialLine(text), maxBytes)
}

function dropPartialLine(text: Buffer): Buffer {
  const lineEnd = text.indexOf('\n')
  if (lineEnd >= 0 && lineEnd < text.length - 1) return text.subarray(lineEnd + 1)
  let start = 1
  while (start < text.length && ((text[start] ?? 0) & 0xc0) === 0x80) start++
  return text.subarray(start)
}

/** Bytes that are no UTF-8 become three bytes each, so the text may have grown. */
function fit(bytes: Buffer, maxBytes: number): string {
  let text = bytes.toString('utf8')
  while (Buffer.byteLength(text) > maxBytes) {
    const excess = Buffer.byteLength(text) - maxBytes
    text = [...text].slice(Math.ceil(excess / 4)).join('')
  }
  return text
}

function readEnd(file: string, maxBytes: number): Buffer {
  let descriptor: number
  try {
    descriptor = openSync(file, 'r')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return Buffer.alloc(0)
    throw error
  }
  try {
    const { size } = fstatSync(descriptor)
    const buffer = Buffer.alloc(Math.min(size, maxBytes))
    const read = readSync(descriptor, buffer, 0, buffer.length, size - buffer.length)
    return buffer.subarray(0, read)
  } finally {
    closeSync(descriptor)
  }
}
