import fs from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import git from 'isomorphic-git'
import { errorCode, isAbsent } from './failures.ts'
import { GitError } from './ports.ts'

/** Where the parts of a repository on this disk lie. All paths are absolute. */
export interface RepositoryFolder {
  /** Holds HEAD: the repository itself, its `.git`, or a worktree's own part. */
  gitFolder: string
  /** Holds refs, objects and config; the same as `gitFolder` except in a worktree. */
  commonFolder: string
  /** Git directories whose objects belong to it: `commonFolder` first, then alternates. */
  objectFolders: string[]
  bare: boolean
}

/** More links from alternates to alternates than anybody has. */
const DEEPEST_ALTERNATE = 5

/**
 * Finds the repository at a folder: a bare one, a checkout, a worktree or a submodule. Its work tree and index are never
 * looked at. Throws GitError when there is none, or one of a format that we cannot read.
 */
export async function locateRepository(folder: string): Promise<RepositoryFolder> {
  const found = await findRepository(resolve(folder))
  if (found === null) {
    throw new GitError('RepositoryNotFound', `no Git repository in ${folder}: name the folder that holds .git, or make one with git init`)
  }
  return found
}

/** As `locateRepository`, but null when the folder holds none. */
export async function findRepository(folder: string): Promise<RepositoryFolder | null> {
  const gitFolder = await findGitFolder(folder)
  if (gitFolder === null) return null
  const common = await readLine(resolve(gitFolder, 'commondir'))
  const commonFolder = common === null ? gitFolder : resolve(gitFolder, common)
  if (!(await isFolder(resolve(commonFolder, 'objects')))) return null
  const bare = await checkFormat(commonFolder, folder)
  return { gitFolder, commonFolder, objectFolders: await followAlternates(commonFolder, folder), bare }
}

async function findGitFolder(folder: string): Promise<string | null> {
  const dotGit = resolve(folder, '.git')
  if (await isFolder(dotGit)) return dotGit
  const link = await readLine(dotGit)
  if (link !== null) return link.startsWith('gitdir: ') ? resolve(folder, link.slice('gitdir: '.length)) : null
  return (await readLine(resolve(folder, 'HEAD'))) === null ? null : folder
}

/** Whether it is bare. */
async function checkFormat(commonFolder: string, where: string): Promise<boolean> {
  const read = async (path: string): Promise<string> => String((await git.getConfig({ fs, gitdir: commonFolder, path })) ?? '').toLowerCase()
  const objectFormat = await read('extensions.objectformat')
  if (objectFormat !== '' && objectFormat !== 'sha1') {
    throw new GitError('Corrupt', `the repository in ${where} has ${objectFormat} object ids, which this version cannot read: use one with SHA-1 ids`)
  }
  const refStorage = await read('extensions.refstorage')
  if (refStorage !== '' && refStorage !== 'files') {
    throw new GitError(
      'Corrupt',
      `the repository in ${where} keeps its refs as ${refStorage}, which this version cannot read: run git refs migrate --ref-format=files there`,
    )
  }
  return (await read('core.bare')) === 'true'
}

async function followAlternates(commonFolder: string, where: string): Promise<string[]> {
  const found = [commonFolder]
  let level = [commonFolder]
  for (let depth = 0; depth < DEEPEST_ALTERNATE && level.length > 0; depth++) {
    const next: string[] = []
    for (const folder of level) next.push(...(await readAlternates(folder, where)))
    level = next.filter((folder) => !found.includes(folder))
    found.push(...level)
  }
  return found
}

async function readAlternates(commonFolder: string, where: string): Promise<string[]> {
  const objects = resolve(commonFolder, 'objects')
  const text = (await readText(resolve(objects, 'info/alternates'))) ?? ''
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return lines.map((line) => {
    const alternate = resolve(objects, line)
    if (basename(alternate) === 'objects') return dirname(alternate)
    throw new GitError(
      'Corrupt',
      `the repository in ${where} borrows objects from ${alternate}, which this version cannot read: copy them in with git repack -a -d`,
    )
  })
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
}

async function readLine(path: string): Promise<string | null> {
  return (await readText(path))?.trimEnd() ?? null
}

/** Content of a small file; null when there is none. Throws GitError `Storage` when it may not be read. */
export async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (isAbsent(error) || errorCode(error) === 'EISDIR') return null
    throw new GitError('Storage', `cannot read ${path} (${errorCode(error)}): let the user that Fusee runs as read it`, { cause: error })
  }
}
