import type { Files } from '../definitions/files.ts'

/** Files that are asked for once and answered from memory from then on: a virtual clock waits for promises, but not for a disk. */
export function rememberFiles(files: Files): Files {
  const lists = new Map<string, ReturnType<Files['list']>>()
  const contents = new Map<string, ReturnType<Files['read']>>()
  return {
    list(folder) {
      const known = lists.get(folder) ?? files.list(folder)
      lists.set(folder, known)
      return known
    },
    read(path, maxBytes) {
      const key = `${maxBytes} ${path}`
      const known = contents.get(key) ?? files.read(path, maxBytes)
      contents.set(key, known)
      return known
    },
  }
}
