/** The path within the repository, relative to its root, without `.` and `..`; '' is the root; null when it leads out of the repository. */
export function repositoryPath(text: string): string | null {
  if (text.startsWith('/')) return null
  const parts: string[] = []
  for (const part of text.split('/')) {
    if (part === '' || part === '.') continue
    if (part !== '..') parts.push(part)
    else if (parts.pop() === undefined) return null
  }
  return parts.join('/')
}

/** The folder that holds the file; '' is the root. */
export function folderOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : ''
}

/** The name of a file without its folder and its extension. */
export function stemOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).replace(/\.[^.]+$/, '')
}

/** Whether the file may hold YAML or JSON, by its name. */
export function isDocumentFile(path: string): boolean {
  return /\.(ya?ml|json)$/i.test(path)
}
