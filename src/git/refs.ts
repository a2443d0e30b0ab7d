import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { CommitSha } from './ports.ts'
import { GitError, asCommitSha } from './ports.ts'
import type { RepositoryFolder } from './repository-folder.ts'
import { readText } from './repository-folder.ts'

const BRANCH_PREFIX = 'refs/heads/'
const LONGEST_SYMREF_CHAIN = 5

/** The full name of a branch. Throws GitError `BranchNotFound` when git would not take the name. */
export function branchRef(branch: string): string {
  const parts = branch.split('/')
  const bad = /[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\.$/.test(branch) || branch.startsWith('-') || branch === '@'
  if (bad || parts.some((part) => part === '' || part.startsWith('.') || part.endsWith('.lock'))) {
    throw new GitError('BranchNotFound', `${JSON.stringify(branch)} cannot be the name of a Git branch: correct it`)
  }
  return BRANCH_PREFIX + branch
}

/** Where a plain clone keeps a branch as its origin had it last. Throws GitError as `branchRef` does. */
export function originRef(branch: string): string {
  return `refs/remotes/origin/${branchRef(branch).slice(BRANCH_PREFIX.length)}`
}

/** Where HEAD of a repository points. */
export type Head = { kind: 'branch'; branch: string } | { kind: 'detached'; commit: CommitSha } | { kind: 'unknown' }

/** Reads HEAD. */
export async function readHead(folder: RepositoryFolder): Promise<Head> {
  return parseHead(await readText(join(folder.gitFolder, 'HEAD')))
}

function parseHead(text: string | null): Head {
  const value = parseRef(text ?? '')
  if (value?.kind === 'link' && value.target.startsWith(BRANCH_PREFIX)) return { kind: 'branch', branch: value.target.slice(BRANCH_PREFIX.length) }
  return value?.kind === 'commit' ? { kind: 'detached', commit: value.commit } : { kind: 'unknown' }
}

/** Branches that are checked out: by HEAD of a repository that is not bare, and by each of its worktrees. */
export async function checkedOutBranches(folder: RepositoryFolder): Promise<Map<string, string>> {
  const heads = folder.bare ? [] : [folder.commonFolder]
  const worktrees = join(folder.commonFolder, 'worktrees')
  for (const name of await readdir(worktrees).catch(() => [])) heads.push(join(worktrees, name))
  const branches = new Map<string, string>()
  for (const path of heads) {
    const head = parseHead(await readText(join(path, 'HEAD')))
    if (head.kind === 'branch') branches.set(head.branch, path)
  }
  return branches
}

/** The commit at a ref; null when there is none. Links are followed. */
export async function readRef(commonFolder: string, ref: string): Promise<CommitSha | null> {
  return (await resolveRef(commonFolder, ref)).commit
}

/** The commit at a ref and the name of the ref that holds it, which is another one when `ref` is a link. */
export async function resolveRef(commonFolder: string, ref: string): Promise<{ ref: string; commit: CommitSha | null }> {
  let name = ref
  for (let links = 0; links < LONGEST_SYMREF_CHAIN; links++) {
    const text = await readText(join(commonFolder, name))
    // Loose first: git writes the packed value before it deletes the loose file.
    if (text === null) return { ref: name, commit: (await readPackedRefs(commonFolder)).get(name) ?? null }
    const value = parseRef(text)
    if (value === null) throw brokenRef(commonFolder, name)
    if (value.kind === 'commit') return { ref: name, commit: value.commit }
    if (!value.target.startsWith('refs/') || value.target.includes('..')) throw brokenRef(commonFolder, name)
    name = value.target
  }
  throw brokenRef(commonFolder, ref)
}

function brokenRef(commonFolder: string, ref: string): GitError {
  return new GitError('Corrupt', `${ref} in ${commonFolder} is broken: set it again with git update-ref`)
}

function parseRef(text: string): { kind: 'commit'; commit: CommitSha } | { kind: 'link'; target: string } | null {
  const link = text.match(/^ref:\s*(\S+)/)?.[1]
  if (link !== undefined) return { kind: 'link', target: link }
  const id = text.match(/^[0-9a-f]{40}(?=\s|$)/)?.[0]
  return id === undefined ? null : { kind: 'commit', commit: asCommitSha(id) }
}

/** Refs that git has packed into one file. A loose ref of the same name overrides one of these. */
export async function readPackedRefs(commonFolder: string): Promise<Map<string, CommitSha>> {
  const refs = new Map<string, CommitSha>()
  for (const line of ((await readText(join(commonFolder, 'packed-refs'))) ?? '').split('\n')) {
    const match = line.match(/^([0-9a-f]{40}) (\S+)$/)
    if (match?.[1] !== undefined && match[2] !== undefined) refs.set(match[2], asCommitSha(match[1]))
  }
  return refs
}

/** Names of branches, sorted, for hints. */
export async function listBranches(commonFolder: string): Promise<string[]> {
  const loose = await readdir(join(commonFolder, BRANCH_PREFIX), { recursive: true, withFileTypes: true }).catch(() => [])
  const root = join(commonFolder, BRANCH_PREFIX)
  const names = loose
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.lock'))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length))
  const packed = [...(await readPackedRefs(commonFolder)).keys()]
    .filter((ref) => ref.startsWith(BRANCH_PREFIX))
    .map((ref) => ref.slice(BRANCH_PREFIX.length))
  return [...new Set([...names, ...packed])].sort()
}
