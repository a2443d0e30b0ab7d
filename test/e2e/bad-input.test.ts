import { execFileSync } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { formatTimestamp } from '../../src/clock.ts'
import type { Diagnostic } from '../../src/definitions/workflow.ts'
import type { Cursors } from '../../src/runs/run.ts'
import { BAD_DEFINITIONS, OTHER_FILES } from '../support/bad-definitions.ts'
import type { Followed, FollowedOptions } from '../support/followed.ts'
import { createFollowed, pushWorkflow } from '../support/followed.ts'
import type { FuseeProcess, LogLine } from '../support/fusee-process.ts'
import { runFusee, until } from '../support/fusee-process.ts'
import type { GitFiles } from '../support/git-program.ts'
import { findTip, moveBranch, runGit } from '../support/git-program.ts'
import { removeFolder } from '../support/remove-folder.ts'

/* What people and machines get wrong, on the real program: one clear message that says where and what to do; nothing else stops, nothing is lost. */

vi.setConfig({ maxConcurrency: 6, testTimeout: 1_200_000 })

const isLook = ({ msg }: LogLine): boolean => msg === 'definitions in force'
const isFinished = ({ msg }: LogLine): boolean => msg === 'run finished'
const isRecorded = ({ msg, runs }: LogLine): boolean => msg === 'records pushed' && (runs as string[]).length > 0

/** Does it with a followed repository, which is gone afterwards. */
async function following(options: FollowedOptions, act: (followed: Followed) => Promise<void>): Promise<void> {
  const followed = await createFollowed(options)
  try {
    await act(followed)
  } finally {
    await followed.close()
  }
}

/** What was logged as an error, or worse, so far. */
function troubles(fusee: FuseeProcess): Partial<LogLine>[] {
  return fusee.lines.filter(({ level }) => level !== 'info').map(({ level, msg, reason, error }) => ({ level, msg, reason, error }))
}

/** Pushes to a repository that is followed well: the run has to succeed and its record to arrive. */
async function provesWell(followed: Followed, fusee: FuseeProcess): Promise<void> {
  const tip = await followed.push({ 'notes.txt': 'another push' })
  const { run } = await fusee.waitForLine('the run of another push', ({ msg, commit }) => msg === 'run created' && commit === tip)
  await fusee.waitForLine('its record', (line) => isRecorded(line) && (line.runs as unknown[]).includes(run))
  expect(await followed.records()).toContainEqual(expect.stringContaining(`/${String(run)}.json`))
}

describe('bad definitions', () => {
  it.concurrent('leave the good workflow beside them alone, and are told with their places', () =>
    following({ files: { 'notes.txt': 'no workflows yet' } }, async (followed) => {
      const fusee = followed.serve()
      await fusee.waitForLine('the first look', isLook)
      const checkout = await pushBadDefinitions(followed)
      await fusee.waitForLine('the end of the run', isFinished)
      await fusee.waitForLine('its record', isRecorded)

      const look = fusee.lines.filter(isLook).at(-1)
      const told = (look?.diagnostics as Diagnostic[])
        .filter(({ severity }) => severity === 'error')
        .map(({ file, line, column, rule }) => `${file}:${line}:${column} ${rule}`)
      const wantTold = BAD_DEFINITIONS.map(({ path: file, place, rule }) => `${file}:${place} ${rule}`)
      expect(told.sort()).toEqual(wantTold.sort())
      expect(look?.workflows).toEqual(['good'])
      expect(fusee.lines.filter(isFinished).map(({ run, result }) => ({ run, result }))).toEqual([
        { run: expect.stringMatching(/^good-/) as string, result: 'Succeeded' },
      ])
      expect(troubles(fusee)).toEqual([])
      await provesValidate(checkout)
    }),
  )

  it.concurrent('are told to people with their places too', () =>
    following({ files: { 'notes.txt': 'no workflows yet' } }, async (followed) => {
      const fusee = followed.serve('--output', 'text')
      await until('the first look', () => fusee.stdout().includes('in force'))
      await pushBadDefinitions(followed)
      await until('the record', () => fusee.stdout().includes('recorded in'))
      for (const { path: file, place, says } of BAD_DEFINITIONS) {
        expect(
          fusee
            .stdout()
            .split('\n')
            .find((line) => line.includes(`${file}:${place} `)),
        ).toContain(says)
      }
    }),
  )
})

/** All bad definitions and a good one, in one push. Returns the checkout that they were pushed from. */
async function pushBadDefinitions(followed: Followed): Promise<string> {
  const checkout = path.join(followed.folder, 'checkout')
  await runGit(followed.folder, ['clone', '--quiet', '--branch', 'main', followed.repository, checkout])
  const files = { ...pushWorkflow('good'), ...OTHER_FILES, ...Object.fromEntries(BAD_DEFINITIONS.map(({ path: file, content }) => [file, content])) }
  for (const [file, content] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(checkout, file)), { recursive: true })
    await writeFile(path.join(checkout, file), content ?? '')
  }
  await runGit(checkout, ['add', '--all'])
  await runGit(checkout, ['commit', '--quiet', '--message', 'All that can be wrong'])
  await runGit(checkout, ['push', '--quiet', 'origin', 'main'])
  return checkout
}

async function provesValidate(checkout: string): Promise<void> {
  const { code, stdout, stderr } = await runFusee(['validate', checkout])
  expect({ code, stderr }).toEqual({ code: 2, stderr: '' })
  for (const { path: file, place, rule, says } of BAD_DEFINITIONS) {
    expect(stdout.split('\n').find((line) => line.startsWith(`${file}:${place} error `) && line.endsWith(`(${rule})`))).toContain(says)
  }
  const summary = stdout.split('\n').slice(-3).join('\n')
  expect(summary).toMatch(new RegExp(`^${BAD_DEFINITIONS.length} errors and \\d+ warnings in \\d+ files\nworkflows: 1 valid`))
}

describe('a repository', () => {
  it.concurrent('that is gone while it is followed is told once, and followed again when it is back', () =>
    following({ files: pushWorkflow('good'), http: {} }, async (followed) => {
      const fusee = followed.serve()
      await fusee.waitForLine('the first look', isLook)
      const away = `${followed.repository}-away`
      await rename(followed.repository, away)
      await fusee.waitForLine('the failed look', ({ msg }) => msg === 'look failed')
      const asked = followed.server?.requests.length ?? 0
      await until('two looks more', () => (followed.server?.requests.length ?? 0) >= asked + 2)
      await rename(away, followed.repository)
      await provesWell(followed, fusee)
      expect(troubles(fusee)).toEqual([
        {
          level: 'error',
          msg: 'look failed',
          reason: 'RepositoryNotFound',
          error: `no repository at ${followed.server?.url}/jobs.git, or none that these credentials may see: check the URL and the credentials`,
        },
      ])
      expect(fusee.lines.filter(({ msg }) => msg === 'look recovered')).toHaveLength(1)
    }),
  )

  it.concurrent('that is gone at the start takes no scheduled run with it', () =>
    following({ files: scheduledWorkflow('beat'), http: {} }, async (followed) => {
      const first = await lookedAt(followed.serve())
      await until('a cursor', async () => (await readCursors(followed)).schedules['beat'] !== undefined)
      await first.stop()
      await setBack(followed, 'beat')
      const away = `${followed.repository}-away`
      await rename(followed.repository, away)
      const second = followed.serve()
      await second.waitForLine('the failed look', ({ msg }) => msg === 'look failed')
      const { result } = await second.waitForLine('the end of a run by a tick', isFinished)
      expect(result).toBe('Succeeded')
      await rename(away, followed.repository)
      await second.waitForLine('its record', isRecorded)
    }),
  )

  it.concurrent('that is gone when a step wants its files makes that step wait', () =>
    following({ files: { 'page.txt': 'first' }, http: {} }, async (followed) => {
      const go = path.join(followed.folder, 'go')
      // So that files are fetched when they are wanted.
      await runGit(followed.repository, ['config', 'uploadpack.allowFilter', 'true'])
      const fusee = await lookedAt(followed.serve())
      await followed.push({ ...readingWorkflow('reads', go), 'page.txt': 'second' })
      await fusee.waitForLine('the first step', ({ msg }) => msg === 'step started')
      const away = `${followed.repository}-away`
      await rename(followed.repository, away)
      await writeFile(go, '')
      const { about } = await fusee.waitForLine('a Job that waits', ({ msg }) => msg === 'A Job could not be looked after; it is tried again')
      expect((about as { error: string }).error).toContain(`no repository at ${followed.server?.url}/jobs.git`)
      await rename(away, followed.repository)
      const { result } = await fusee.waitForLine('the end of the run', isFinished)
      expect(result).toBe('Succeeded')
      expect(fusee.lines.filter(({ msg }) => msg === 'step ended').map(({ step, attempts }) => ({ step, attempts }))).toEqual([
        { step: 'wait', attempts: 1 },
        { step: 'read', attempts: 1 },
      ])
    }),
  )

  it.concurrent('that was never there is waited for', () =>
    following({ files: null }, async (followed) => {
      const fusee = followed.serve()
      await fusee.waitForLine('the failed look', ({ msg }) => msg === 'look failed')
      expect(troubles(fusee)).toEqual([
        {
          level: 'error',
          msg: 'look failed',
          reason: 'RepositoryNotFound',
          error: `no Git repository in ${followed.repository}: name the folder that holds .git, or make one with git init`,
        },
      ])
      await runGit(followed.folder, ['init', '--quiet', '--bare', '--initial-branch=main', followed.repository])
      await followed.push(pushWorkflow('good'))
      await fusee.waitForLine('a look', isLook)
      await provesWell(followed, fusee)
    }),
  )

  it.concurrent('that asks for other credentials is named, the credentials are not', () =>
    following(
      { files: pushWorkflow('good'), http: { authorization: basic('robot', 'right') }, spec: ['secretRef: {name: git}'] },
      async (followed) => {
        const secrets = path.join(followed.folder, 'secrets')
        await mkdir(path.join(secrets, 'git'), { recursive: true })
        await writeFile(path.join(secrets, 'git', 'username'), 'robot')
        await writeFile(path.join(secrets, 'git', 'password'), 'wr0ng-secret')
        const fusee = followed.serve('--secrets', secrets)
        await fusee.waitForLine('the failed look', ({ msg }) => msg === 'look failed')
        expect(troubles(fusee)).toEqual([
          {
            level: 'error',
            msg: 'look failed',
            reason: 'Unauthorized',
            error: `${followed.server?.url}/jobs.git does not accept the credentials: check user name, password or token (it says: log in first)`,
          },
        ])
        await fusee.stop()
        expect(fusee.stdout() + fusee.stderr()).not.toContain('wr0ng-secret')
        await writeFile(path.join(secrets, 'git', 'password'), 'right')
        await provesWell(followed, await lookedAt(followed.serve('--secrets', secrets)))
      },
    ),
  )

  it.concurrent('without the branch is named with the branches that it has, and followed once the branch is there', () =>
    following({ files: pushWorkflow('good'), spec: ['ref: {branch: mian}'] }, async (followed) => {
      const fusee = followed.serve()
      const { reason, error } = await fusee.waitForLine('the failed look', ({ msg }) => msg === 'look failed')
      expect(reason).toBe('BranchNotFound')
      expect(error).toMatch(/mian.*main/)
      await moveBranch(followed.repository, 'mian', await findTip(followed.repository, 'refs/heads/main'))
      await fusee.waitForLine('a look', isLook)
      expect(troubles(fusee)).toHaveLength(1)
    }),
  )
})

describe('a remote that does not answer', () => {
  it.concurrent('does not keep the program from ending, and is no error then', () =>
    following({ files: pushWorkflow('good'), http: {} }, async (followed) => {
      const fusee = await lookedAt(followed.serve())
      Object.assign(followed.server?.faults ?? {}, { silent: true })
      const asked = followed.server?.requests.length ?? 0
      await until('a look', () => (followed.server?.requests.length ?? 0) > asked)
      expect(await fusee.stop()).toEqual({ code: 0, signal: null })
      expect(troubles(fusee)).toEqual([])
    }),
  )
})

describe('a push of records that is refused', () => {
  const refusal = '#!/bin/sh\necho "closed for the holidays" >&2\nexit 1\n'

  it.concurrent('keeps them waiting until it is allowed again, and says why', () =>
    following({ files: pushWorkflow('good'), http: {} }, async (followed) => {
      const fusee = await lookedAt(followed.serve())
      const hook = path.join(followed.repository, 'hooks', 'pre-receive')
      await mkdir(path.dirname(hook), { recursive: true })
      await writeFile(hook, refusal)
      await chmod(hook, 0o755)
      await followed.push({ 'notes.txt': 'one push' })
      await fusee.waitForLine('the refusal', ({ msg }) => msg === 'records wait')
      await followed.push({ 'notes.txt': 'another push' })
      await until('both runs', () => fusee.lines.filter(isFinished).length === 2)
      expect(troubles(fusee)).toEqual([
        {
          level: 'error',
          msg: 'records wait',
          reason: 'PushRefused',
          error: `${followed.server?.url}/jobs.git refuses to move refs/heads/fusee/status: pre-receive hook declined (it says: closed for the holidays); allow it there, or choose another status branch`,
        },
      ])
      expect(await conditionOf(followed, 'HistoryWritten')).toEqual({ status: 'False', reason: 'PushRefused' })
      await rm(hook)
      await until('both records', async () => (await followed.records()).length === 2)
      await until('a good condition', async () => (await conditionOf(followed, 'HistoryWritten'))?.status === 'True')
    }),
  )

  it.concurrent('stops no run, even when not one was ever allowed', () =>
    following({ files: pushWorkflow('good'), http: {} }, async (followed) => {
      const hook = path.join(followed.repository, 'hooks', 'pre-receive')
      await mkdir(path.dirname(hook), { recursive: true })
      await writeFile(hook, refusal)
      await chmod(hook, 0o755)
      const fusee = await lookedAt(followed.serve())
      await followed.push({ 'notes.txt': 'one push' })
      await fusee.waitForLine('the end of the run', isFinished)
      await rm(hook)
      await fusee.waitForLine('the record', isRecorded)
      const owner = JSON.parse(await runGit(followed.repository, ['show', 'fusee/status:history/state/owner.json'])) as { owner: string }
      expect(owner.owner).toBe(JSON.parse(await readFile(path.join(followed.dataFolder, 'controller-id'), 'utf8')))
    }),
  )
})

describe('a place that is taken', () => {
  it.concurrent('is told in one line for a data folder', () =>
    following({ files: pushWorkflow('good') }, async (followed) => {
      const first = await lookedAt(followed.serve())
      const second = followed.serve()
      expect(await second.ended).toEqual({ code: 1, signal: null })
      const taken = `fusee: The data folder ${followed.dataFolder} is in use by process ${first.pid} on `
      expect(second.stderr()).toMatch(/^fusee: .* on \S+\. Stop that process, or give this one another folder \(--data\)\.\n$/)
      expect(second.stderr().slice(0, taken.length)).toBe(taken)
      expect(second.stdout()).toBe('')
      await provesWell(followed, first)
    }),
  )

  it.concurrent('is told in one line for an address', () =>
    following({ files: pushWorkflow('good'), http: {} }, async (followed) => {
      const address = followed.server?.url.replace('http://', '') ?? ''
      const fusee = followed.serve('--listen', address)
      expect(await fusee.ended).toEqual({ code: 1, signal: null })
      expect(fusee.stderr()).toBe(`fusee: cannot listen on ${address}: it is in use; choose another address with --listen\n`)
      expect(fusee.stdout()).toBe('')
      await provesWell(followed, await lookedAt(followed.serve()))
    }),
  )
})

const smallDisk = await mountSmallDisk()

describe('a full disk', () => {
  it.skipIf(smallDisk === null)(
    'is told once, and the step that ran meanwhile is neither lost nor run again (needs the right to mount a tmpfs)',
    async () => {
      const data = smallDisk?.folder ?? ''
      const outside = await mkdtemp(path.join(tmpdir(), 'fusee-outside-'))
      const script = `echo begun >> ${outside}/evidence; until [ -e ${outside}/go ]; do sleep 0.1; done; echo ended >> ${outside}/evidence`
      try {
        await following({ files: pushWorkflow('good', script) }, async (followed) => {
          const fusee = await lookedAt(followed.serve('--data', data))
          await followed.push({ 'notes.txt': 'one push' })
          await until('the step', async () => (await readFile(path.join(outside, 'evidence'), 'utf8').catch(() => '')) !== '')
          await smallDisk?.fill()
          await followed.push({ 'notes.txt': 'a push that meets a full disk' })
          const { error } = await fusee.waitForLine('a word on the disk', ({ msg }) => msg === 'reconcile failed')
          expect(error).toBe(
            `No room left to write below ${data} (ENOSPC). Free disk space or raise the quota: what runs goes on by itself then, what could not start has to be started again.`,
          )
          await writeFile(path.join(outside, 'go'), '')
          await until('the end of the step', async () => (await readFile(path.join(outside, 'evidence'), 'utf8')).includes('ended'))
          await smallDisk?.free()
          await until('both runs', () => fusee.lines.filter(isFinished).length === 2)
          await until('both records', async () => (await followed.records()).length === 2)
          expect(fusee.lines.filter(isFinished).map(({ result }) => result)).toEqual(['Succeeded', 'Succeeded'])
          expect(await readFile(path.join(outside, 'evidence'), 'utf8')).toBe('begun\nended\n'.repeat(2))
          expect(fusee.lines.filter(({ msg }) => msg === 'reconcile failed')).toHaveLength(1)
          await fusee.stop()
        })
      } finally {
        await smallDisk?.remove()
        await removeFolder(outside)
      }
    },
  )
})

/** A file system of a few megabytes; null where this user may not mount one. */
async function mountSmallDisk(): Promise<{ folder: string; fill(): Promise<void>; free(): Promise<void>; remove(): Promise<void> } | null> {
  const folder = await mkdtemp(path.join(tmpdir(), 'fusee-disk-'))
  const ballast = path.join(folder, 'ballast')
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', folder], { stdio: 'ignore' })
  } catch {
    await removeFolder(folder)
    return null
  }
  return {
    folder,
    fill: () => writeFile(ballast, Buffer.alloc(4 * 2 ** 20)).catch(() => undefined),
    free: () => rm(ballast),
    async remove() {
      execFileSync('umount', ['-l', folder], { stdio: 'ignore' })
      await removeFolder(folder)
    },
  }
}

async function lookedAt(fusee: FuseeProcess): Promise<FuseeProcess> {
  await fusee.waitForLine('the first look', isLook)
  return fusee
}

async function conditionOf(followed: Followed, type: string): Promise<{ status: string; reason: string } | undefined> {
  const found = (await readCursors(followed)).conditions.find((condition) => condition.type === type)
  return found === undefined ? undefined : { status: found.status, reason: found.reason }
}

async function readCursors(followed: Followed): Promise<Cursors> {
  return JSON.parse(await readFile(cursorsFile(followed), 'utf8')) as Cursors
}

/** As if no controller had run for some minutes: ticks of this schedule have passed. */
async function setBack(followed: Followed, schedule: string): Promise<void> {
  const cursors = await readCursors(followed)
  const cursor = cursors.schedules[schedule]
  if (cursor === undefined) throw new Error(`no cursor of ${schedule}`)
  cursor.judgedUpTo = formatTimestamp(Date.now() - 300_000)
  await writeFile(cursorsFile(followed), JSON.stringify(cursors))
}

function cursorsFile(followed: Followed): string {
  return path.join(followed.dataFolder, 'repositories', 'default', 'jobs.json')
}

/** A push starts it; its second step reads `page.txt` of the repository once the file `go` is there. */
function readingWorkflow(name: string, go: string): GitFiles {
  const steps = `
    - {name: wait, script: "until [ -e ${go} ]; do sleep 0.1; done"}
    - {name: read, dependsOn: [wait], source: true, script: "grep second page.txt"}`
  const text = `apiVersion: fusee.dev/v1alpha1
kind: Workflow
metadata: {name: ${name}}
spec:
  triggers: {push: {}}
  defaults: {image: "busybox:1.36"}
  steps: ${steps}
`
  return { [`workflows/${name}.yaml`]: text }
}

function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}

function scheduledWorkflow(name: string): GitFiles {
  const file = `workflows/${name}.yaml`
  return { [file]: (pushWorkflow(name)[file] ?? '').replace('{push: {}}', '{schedule: [{cron: "* * * * *"}]}') }
}
