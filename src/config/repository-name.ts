import path from 'node:path'

const LONGEST_NAME = 63

/** The name of a Repository that nobody named: its folder's, or the last part of its URL, as a DNS label. */
export function repositoryNameOf(url: string): string {
  const last = path.posix.basename(
    url
      .replaceAll('\\', '/')
      .replace(/[?#].*$/, '')
      .replace(/\/+$/, ''),
  )
  const label = last
    .replace(/\.git$/, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, LONGEST_NAME)
    .replace(/-+$/, '')
  return label === '' ? 'repository' : label
}

/**
 * Whether this is a remote and not a folder of this machine; also where it is only meant to be one, with a slash or the scheme left out:
 * taken for a folder, its password would be shown.
 */
export function isRemoteUrl(url: string): boolean {
  return /^(?:[a-z][a-z0-9+.-]*:\/\/|https?:|ssh:)/i.test(url) || /^[^/\\]+@(?:[^/\\]+:|[^/\\@]+\.[^/\\@]+\/)/.test(url)
}
