import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { appendFile, cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

const IDENTITY = ['-c', 'user.name=Fusee sample', '-c', 'user.email=sample@localhost', '-c', 'commit.gpgsign=false']

/** Runs git; rejects with what it printed. */
export async function git(folder: string, ...words: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('git', [...IDENTITY, '-C', folder, ...words], { maxBuffer: 1 << 24 })
  return stdout
}

/** Makes a bare repository whose branch `main` holds the files of `sample`, unless it is there already. Returns whether it was made. */
export async function createSampleRepository(repository: string, sample: string): Promise<boolean> {
  // With a branch, it was finished; without one, making it was interrupted.
  if (existsSync(path.join(repository, 'refs', 'heads', 'main'))) return false
  await rm(repository, { recursive: true, force: true })
  await mkdir(repository, { recursive: true })
  await git(repository, 'init', '--quiet', '--bare', '--initial-branch=main')
  await inClone(repository, async (clone) => {
    await cp(sample, clone, { recursive: true })
    await commitAndPush(clone, 'Workflows of the sample repository')
  })
  return true
}

/** Pushes a commit that changes the workflow `diamond`, as a person would. Returns the subject of the commit. */
export async function pushChange(repository: string): Promise<string> {
  const subject = 'Touch the diamond'
  await inClone(repository, async (clone) => {
    await appendFile(path.join(clone, 'workflows', 'diamond.yaml'), `# touched at ${new Date().toISOString()}\n`)
    await commitAndPush(clone, subject)
  })
  return subject
}

async function inClone(repository: string, change: (clone: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'fusee-sample-'))
  try {
    await git(folder, 'clone', '--quiet', repository, 'clone')
    const clone = path.join(folder, 'clone')
    await git(clone, 'checkout', '--quiet', '-B', 'main')
    await change(clone)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function commitAndPush(clone: string, subject: string): Promise<void> {
  await git(clone, 'add', '--all')
  await git(clone, 'commit', '--quiet', '--message', subject)
  await git(clone, 'push', '--quiet', 'origin', 'main')
}
