import { mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { errorCode } from './failures.ts'

/** Makes a folder and those above it. Own code because `mkdir` with `recursive` says ENOENT where the disk is read-only. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path)
  } catch (error) {
    const code = errorCode(error)
    if (code === 'EEXIST') return
    if (code !== 'ENOENT' || dirname(path) === path) throw error
    await makeFolder(dirname(path))
    await mkdir(path).catch((reason: unknown) => {
      if (errorCode(reason) !== 'EEXIST') throw reason
    })
  }
}

/** Creates a file that must not exist yet. With `durable` it is on the disk when this resolves. */
export async function writeWhole(path: string, bytes: Uint8Array, durable: boolean): Promise<void> {
  const file = await open(path, 'wx')
  try {
    await file.writeFile(bytes)
    if (durable) await file.sync()
  } finally {
    await file.close()
  }
}
