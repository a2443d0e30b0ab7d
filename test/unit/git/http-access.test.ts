import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Credentials } from '../../../src/git/credentials.ts'
import { openRepository } from '../../../src/git/open.ts'
import type { TestCertificates } from '../../support/certificates.ts'
import { createCertificates } from '../../support/certificates.ts'
import type { GitHttpServer } from '../../support/git-http-server.ts'
import { startGitHttpServer } from '../../support/git-http-server.ts'
import { importCommits } from '../../support/git-program.ts'
import type { HttpProxy } from '../../support/http-proxy.ts'
import { startHttpProxy } from '../../support/http-proxy.ts'
import type { ServedRepository } from '../../support/git-served.ts'
import { serveRepository } from '../../support/git-served.ts'
import { removeFolder } from '../../support/remove-folder.ts'

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function serve(options: Parameters<typeof serveRepository>[0] = {}): Promise<ServedRepository> {
  const served = await serveRepository(options)
  closing.push(() => served.close())
  await importCommits(served.repository, [{ a: '1' }])
  return served
}

/** A server of the same repositories at another port. */
async function serveAgain(served: ServedRepository, authorization?: string): Promise<GitHttpServer> {
  const server = await startGitHttpServer({ root: join(served.folder, 'served'), ...(authorization === undefined ? {} : { authorization }) })
  closing.push(() => server.close())
  return server
}

function basic(text: string): string {
  return `Basic ${Buffer.from(text).toString('base64')}`
}

describe('logging in', () => {
  const table: { what: string; wanted: string; credentials?: Credentials; inUrl?: string; wantError?: RegExp }[] = [
    { what: 'user name and password', wanted: basic('ann:p:ä'), credentials: { username: 'ann', password: 'p:ä' } },
    { what: 'a password alone', wanted: basic('git:token'), credentials: { password: 'token' } },
    { what: 'a bearer token', wanted: 'Bearer abc', credentials: { bearerToken: 'abc' } },
    { what: 'a bearer token before a password', wanted: 'Bearer abc', credentials: { bearerToken: 'abc', username: 'ann', password: 'p' } },
    { what: 'what the URL holds', wanted: basic('ann:p@ss'), inUrl: 'ann:p%40ss@' },
    { what: 'credentials before what the URL holds', wanted: basic('bob:q'), inUrl: 'ann:secret@', credentials: { username: 'bob', password: 'q' } },
    { what: 'nothing', wanted: basic('ann:p'), wantError: /asks for credentials: name their Secret in secretRef/ },
    {
      what: 'a wrong password',
      wanted: basic('ann:p'),
      credentials: { username: 'ann', password: 'hunter2' },
      wantError: /does not accept the credentials/,
    },
    { what: 'a wrong token in the URL', wanted: basic('ann:p'), inUrl: 'ann:hunter2@', wantError: /does not accept the credentials/ },
  ]
  it.each(table)('with $what', async ({ wanted, credentials, inUrl = '', wantError }) => {
    const served = await serve({ authorization: wanted })
    const url = served.url.replace('http://', `http://${inUrl}`)
    const { source, status, url: shown } = await served.open({ url, ...(credentials === undefined ? {} : { credentials }) })
    expect(shown).toBe(served.url)
    if (wantError === undefined) {
      await source.fetchTip()
      await status.commit(null, new Map([['a', Buffer.from('1')]]), 'first')
      expect(new Set(served.server.requests.map((request) => request.authorization))).toEqual(new Set([wanted]))
      return
    }
    for (const work of [() => source.fetchTip(), () => status.commit(null, new Map([['a', Buffer.from('1')]]), 'first')]) {
      const error: unknown = await work().catch((reason: unknown) => reason)
      expect(error).toMatchObject({ kind: 'Unauthorized' })
      expect(String(error)).toMatch(wantError)
      expect(String(error)).toContain(served.url)
      expect(String(error)).not.toContain('hunter2')
    }
  })

  it('takes what it must not tell out of what the remote says', async () => {
    const served = await serve()
    Object.assign(served.server.faults, { status: 500, statusBody: `bad header ${basic('ann:hunter2')} of hunter2` })
    const { source } = await served.open({ credentials: { username: 'ann', password: 'hunter2' } })
    await expect(source.fetchTip()).rejects.toThrow('it says: bad header Basic *** of ***')
  })
})

describe('redirects', () => {
  it('are followed once, and the new place is used', async () => {
    const served = await serve()
    const old = await serveAgain(served)
    old.faults.redirect = { status: 301, to: served.server.url }
    const { source, status } = await served.open({ url: `${old.url}/repo.git` })
    await source.fetchTip()
    await source.fetchTip()
    await status.commit(null, new Map([['a', Buffer.from('1')]]), 'first')
    expect(old.requests).toHaveLength(1)
  })

  it('take no credentials to another host', async () => {
    const served = await serve()
    const old = await serveAgain(served)
    old.faults.redirect = { status: 302, to: served.server.url }
    const { source, status } = await served.open({ url: `${old.url}/repo.git`, credentials: { username: 'ann', password: 'secret' } })
    await source.fetchTip()
    await status.commit(null, new Map([['a', Buffer.from('1')]]), 'first')
    expect(old.requests.map((request) => request.authorization)).toEqual([basic('ann:secret')])
    expect(served.server.requests.length).toBeGreaterThan(2)
    for (const request of served.server.requests) expect(request.authorization).toBeUndefined()
  })

  it('say so when the other host wants credentials', async () => {
    const served = await serve({ authorization: basic('ann:secret') })
    const old = await serveAgain(served)
    old.faults.redirect = { status: 307, to: served.server.url }
    const { source } = await served.open({ url: `${old.url}/repo.git`, credentials: { username: 'ann', password: 'secret' } })
    await expect(source.fetchTip()).rejects.toThrow(/redirects to another host, which gets no credentials/)
  })

  it('end somewhere', async () => {
    const served = await serve()
    served.server.faults.redirect = { status: 302, to: served.server.url }
    const { source } = await served.open()
    await expect(source.fetchTip()).rejects.toThrow(/redirects more than 5 times/)
  })

  it.each([
    { to: 'ftp://127.0.0.1', wantKind: 'Corrupt', wantMessage: /no HTTP URL/ },
    { to: 'http://127.0.0.1:1/elsewhere?', wantKind: 'Unreachable', wantMessage: /connection refused/ },
  ])('to $to are refused', async ({ to, wantKind, wantMessage }) => {
    const served = await serve()
    served.server.faults.redirect = { status: 302, to }
    const { source } = await served.open()
    const error: unknown = await source.fetchTip().catch((reason: unknown) => reason)
    expect(error).toMatchObject({ kind: wantKind })
    expect(String(error)).toMatch(wantMessage)
  })

  it('to a page that is no repository are refused', async () => {
    const served = await serve()
    const old = await serveAgain(served)
    old.faults.redirect = { status: 302, to: `${served.server.url}/login?next=` }
    served.server.faults.page = true
    const { source } = await served.open({ url: `${old.url}/repo.git` })
    await expect(source.fetchTip()).rejects.toMatchObject({ kind: 'Corrupt' })
  })

  it('of a push are looked up again', async () => {
    const served = await serve()
    const { status } = await served.open()
    await status.fetchTip()
    served.server.faults.redirect = { status: 301, to: served.server.url }
    await expect(status.commit(null, new Map([['a', Buffer.from('1')]]), 'first')).rejects.toMatchObject({ kind: 'Unreachable' })
  })
})

describe('TLS', () => {
  let certificates: TestCertificates
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fusee-tls-'))
    certificates = await createCertificates(folder)
  })
  afterAll(() => removeFolder(folder))

  it('works with the authority that is given', async () => {
    const served = await serve({ tls: certificates })
    const { source, status } = await served.open({ credentials: { caCert: certificates.ca } })
    await source.fetchTip()
    await status.commit(null, new Map([['a', Buffer.from('1')]]), 'first')
    expect(served.server.requests.length).toBeGreaterThan(2)
  })

  it('says that a certificate is not trusted', async () => {
    const served = await serve({ tls: certificates })
    const { source } = await served.open()
    const error: unknown = await source.fetchTip().catch((reason: unknown) => reason)
    expect(error).toMatchObject({ kind: 'Unreachable' })
    expect(String(error)).toMatch(/its certificate is not trusted .*give the certificate of its authority/)
    expect(served.server.requests).toEqual([])
  })

  it('says that the other side speaks no TLS', async () => {
    const served = await serve()
    const { source } = await served.open({ url: served.url.replace('http:', 'https:') })
    await expect(source.fetchTip()).rejects.toThrow(/does not speak TLS|TLS failed/)
  })

  it('does not go back to plain text', async () => {
    const served = await serve({ tls: certificates })
    const plain = await serveAgain(served)
    served.server.faults.redirect = { status: 302, to: plain.url }
    const { source } = await served.open({ credentials: { caCert: certificates.ca, password: 'secret' } })
    await expect(source.fetchTip()).rejects.toThrow(/not encrypted: refused/)
    expect(plain.requests).toEqual([])
  })
})

describe('a proxy', () => {
  async function proxy(options: Parameters<typeof startHttpProxy>[0] = {}): Promise<HttpProxy> {
    const started = await startHttpProxy(options)
    closing.push(() => started.close())
    return started
  }

  it('carries what is sent over http, to the hosts that are not excluded', async () => {
    const served = await serve()
    const by = await proxy()
    const { source, status } = await served.open({ proxies: { HTTP_PROXY: by.url } })
    await source.fetchTip()
    await status.commit(null, new Map([['a', Buffer.from('1')]]), 'first')
    expect(by.asked.at(-1)).toBe(`POST ${served.url}/git-receive-pack`)
    const before = by.asked.length
    const { source: direct } = await served.open({ proxies: { HTTP_PROXY: by.url, NO_PROXY: '127.0.0.0/8' }, dataFolder: `${served.folder}/direct` })
    await direct.fetchTip()
    expect(by.asked).toHaveLength(before)
  })

  it('is tunnelled through over https, with its own credentials', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fusee-tls-'))
    closing.push(() => removeFolder(folder))
    const certificates = await createCertificates(folder)
    const served = await serve({ tls: certificates, authorization: basic('ann:p') })
    const by = await proxy({ login: 'me:secret' })
    const host = new URL(served.url).host
    const credentials = { caCert: certificates.ca, username: 'ann', password: 'p' }
    const { source } = await served.open({ credentials, proxies: { HTTPS_PROXY: by.url.replace('//', '//me:secret@') } })
    await source.fetchTip()
    expect(new Set(by.asked)).toEqual(new Set([`CONNECT ${host}`]))
    const { source: stranger } = await served.open({ credentials, proxies: { HTTPS_PROXY: by.url } })
    await expect(stranger.fetchTip()).rejects.toThrow(/the proxy on the way to .* asks for credentials/)
  })

  it('is named when it cannot be reached, without its password', async () => {
    const served = await serve()
    const by = await startHttpProxy()
    await by.close()
    const { source } = await served.open({ proxies: { HTTP_PROXY: by.url.replace('//', '//me:hunter2@') } })
    const error: unknown = await source.fetchTip().catch((reason: unknown) => reason)
    expect(error).toMatchObject({ kind: 'Unreachable' })
    expect(String(error)).toContain(`by way of the proxy ${by.url}/: connection refused`)
    expect(String(error)).not.toContain('hunter2')
  })
})

describe('opening', () => {
  it.each([
    { url: 'ssh://git:secret@/jobs.git', wantMessage: /write it as ssh:/ },
    { url: 'git://example.com/jobs.git', wantMessage: /no URL that Fusee can follow/ },
    { url: 'https://user:secret@:bad/', wantMessage: /no URL that Fusee can follow/ },
    { url: 'https:/user:secret@example.com/jobs.git', wantMessage: /^https:\/\*\*\*@example.com\/jobs.git is no URL that Fusee can follow/ },
    { url: 'HTTPS:user:secret@example.com/jobs.git', wantMessage: /no URL that Fusee can follow/ },
    { url: 'https//user:secret@example.com/jobs.git', wantMessage: /^https\/\/\*\*\*@example.com\/jobs.git is no URL that Fusee can follow/ },
    { url: '//user:secret@example.com/jobs.git', wantMessage: /no URL that Fusee can follow/ },
    { url: 'secret@git.example.com/acme/jobs', wantMessage: /^\*\*\*@git.example.com\/acme\/jobs is no URL that Fusee can follow/ },
    { url: 'https:/secret@git.example.com/jobs', wantMessage: /^https:\/\*\*\*@git.example.com\/jobs is no URL that Fusee can follow/ },
    { url: 'file://elsewhere/repo', wantMessage: /names no folder of this machine/ },
  ])('refuses $url', async ({ url, wantMessage }) => {
    const opening = openRepository({ url, branch: null, statusBranch: 'fusee/status', dataFolder: '/nowhere' })
    const error: unknown = await opening.catch((reason: unknown) => reason)
    expect(error).toMatchObject({ name: 'GitError' })
    expect((error as Error).message).toMatch(wantMessage)
    expect((error as Error).message).not.toContain('secret')
  })

  it.each(['a..b', '-x', 'a b', 'a.lock', '/a', 'a/', 'a//b', '.a', '@', 'a@{1}', 'a~1'])('refuses branch %j', async (branch) => {
    const opening = openRepository({ url: '/nowhere', branch, statusBranch: 'fusee/status', dataFolder: '/nowhere' })
    await expect(opening).rejects.toThrow(/cannot be the name of a Git branch/)
  })
})
