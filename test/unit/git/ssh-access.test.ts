import { createHmac, randomBytes } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openRepository } from '../../../src/git/open.ts'
import { startFaultProxy } from '../../support/fault-proxy.ts'
import { findTip, importCommits } from '../../support/git-program.ts'
import { SERVES_ALL } from '../../support/git-served.ts'
import type { Sshd, SshRepository } from '../../support/sshd.ts'
import { NO_SSHD, SSHD, startSshd } from '../../support/sshd.ts'

const closing: (() => Promise<unknown> | void)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

describe.skipIf(SSHD === null)(`following over ssh${SSHD === null ? ` (${NO_SSHD})` : ''}`, () => {
  let sshd: Sshd
  let otherKey: string
  let otherPublic: string
  beforeAll(async () => {
    sshd = await startSshd()
    otherKey = await sshd.createKey('other')
    otherPublic = (await readFile(`${otherKey}.pub`, 'utf8')).split(' ').slice(0, 2).join(' ')
  })
  afterAll(() => sshd.close())

  async function serve(): Promise<SshRepository> {
    const served = await sshd.createRepository(SERVES_ALL)
    closing.push(() => served.close())
    await importCommits(served.repository, [{ a: '1' }])
    return served
  }

  it('takes names in known_hosts as OpenSSH does', async () => {
    const served = await serve()
    const hashed = hashName(`[127.0.0.1]:${sshd.port}`)
    const key = sshd.credentials.knownHosts.split(' ').slice(1).join(' ')
    for (const name of [`[127.0.*]:${sshd.port}`, `other,[127.0.0.1]:${sshd.port}`, '|1|']) {
      const knownHosts = `# comment\nbroken\n${name === '|1|' ? hashed : name} ${key}\n[127.0.0.1]:${sshd.port} ssh-rsa AAAA\n`
      const { source } = await served.open({ credentials: { ...sshd.credentials, knownHosts } })
      expect(await source.fetchTip()).toBe(await findTip(served.repository, 'refs/heads/main'))
    }
  })

  const refusals: { what: string; change: (own: Sshd['credentials']) => Promise<object>; wantKind: string; wantMessage: RegExp }[] = [
    {
      what: 'a host key that is not the known one',
      change: async () => ({ knownHosts: `[127.0.0.1]:${sshd.port} ${otherPublic}\n` }),
      wantKind: 'Unauthorized',
      wantMessage: /host key of ssh:\/\/127.0.0.1:\d+\/.* is not the one in known_hosts: it shows ssh-ed25519 SHA256:.*ask its operators/,
    },
    {
      what: 'a host that is not known',
      change: async () => ({ knownHosts: `example.com ${otherPublic}\n` }),
      wantKind: 'Unauthorized',
      wantMessage: /host key of .* is not known: it shows ssh-ed25519 SHA256:.*add its line for \[127.0.0.1\]:\d+ to known_hosts/,
    },
    {
      what: 'a revoked host key',
      change: async ({ knownHosts }) => ({ knownHosts: `${knownHosts}@revoked ${knownHosts}` }),
      wantKind: 'Unauthorized',
      wantMessage: /which known_hosts has revoked/,
    },
    {
      what: 'a host with no key of a known kind',
      change: async () => ({ knownHosts: `[127.0.0.1]:${sshd.port} ecdsa-sha2-nistp256 AAAA\n` }),
      wantKind: 'Unauthorized',
      wantMessage: /no host key of the kinds in known_hosts/,
    },
    {
      what: 'a key that is not let in',
      change: async () => ({ identity: await readFile(otherKey, 'utf8') }),
      wantKind: 'Unauthorized',
      wantMessage: /does not accept the key: give its public half the right/,
    },
    {
      what: 'an identity that is no key',
      change: async () => ({ identity: 'hunter2' }),
      wantKind: 'Unauthorized',
      wantMessage: /identity for ssh:.* cannot be used: it is no key/,
    },
    {
      what: 'a key whose passphrase is missing',
      change: async () => ({ identity: await readFile(await sshd.createKey('locked', { passphrase: 'hunter2' }), 'utf8') }),
      wantKind: 'Unauthorized',
      wantMessage: /protected by a passphrase, which is missing/,
    },
    { what: 'no identity', change: async () => ({ identity: undefined }), wantKind: 'Unauthorized', wantMessage: /give the Secret an identity/ },
    { what: 'no known_hosts', change: async () => ({ knownHosts: undefined }), wantKind: 'Unauthorized', wantMessage: /ssh-keyscan 127.0.0.1/ },
  ]
  it.each(refusals)('refuses $what', async ({ change, wantKind, wantMessage }) => {
    const served = await serve()
    const credentials = { ...sshd.credentials, ...(await change(sshd.credentials)) }
    const { source } = await served.open({ credentials })
    const error: unknown = await source.fetchTip().catch((reason: unknown) => reason)
    expect(error).toMatchObject({ name: 'GitError', kind: wantKind })
    expect(String(error)).toMatch(wantMessage)
    expect(String(error)).not.toContain('hunter2')
  })

  it('opens a key with its passphrase, and RSA and ECDSA keys', async () => {
    const served = await serve()
    for (const options of [{ passphrase: 'p w' }, { type: 'rsa' }, { type: 'ecdsa' }]) {
      const key = await sshd.createKey(`key-${options.type ?? 'locked'}`, options)
      const authorized = `${sshd.folder}/identity.pub`
      const before = await readFile(authorized, 'utf8')
      await writeFile(authorized, before + (await readFile(`${key}.pub`, 'utf8')))
      const credentials = {
        ...sshd.credentials,
        identity: await readFile(key, 'utf8'),
        ...(options.passphrase === undefined ? {} : { password: 'p w' }),
      }
      expect(await (await served.open({ credentials })).source.fetchTip()).toBe(await findTip(served.repository, 'refs/heads/main'))
    }
  })

  it('says that a repository is not there, and finds it when it is', async () => {
    const served = await serve()
    const { source, status } = await served.open()
    const tip = await source.fetchTip()
    await rename(served.repository, `${served.repository}.gone`)
    for (const work of [() => source.fetchTip(), () => status.commit(null, new Map([['a', Buffer.from('1')]]), 'first')]) {
      const error: unknown = await work().catch((reason: unknown) => reason)
      expect(error).toMatchObject({ kind: 'RepositoryNotFound' })
      expect(String(error)).toMatch(/it says: .*does not appear to be a git repository/)
    }
    await rename(`${served.repository}.gone`, served.repository)
    expect(await source.fetchTip()).toBe(tip)
  })

  it('goes on after its connection was cut, in between and in the middle of an answer', async () => {
    const served = await serve()
    const proxy = await startFaultProxy(sshd.port)
    closing.push(() => proxy.close())
    const { source, status } = await served.open({ url: served.url(proxy.port) })
    const first = await source.fetchTip()
    expect(await source.fetchTip()).toBe(first)
    expect(proxy.connections).toBe(1)
    proxy.cut()
    const second = await importCommits(served.repository, [{ a: '2' }])
    expect(await source.fetchTip()).toBe(second)
    expect(proxy.connections).toBe(2)
    proxy.faults.cutAfterBytes = 100
    const error: unknown = await source.fetchTip().catch((reason: unknown) => reason)
    expect(error).toMatchObject({ kind: 'Unreachable' })
    expect(String(error)).toMatch(/cut|closed/)
    proxy.faults.cutAfterBytes = null
    proxy.faults.refuse = true
    await expect(status.commit(null, new Map([['a', Buffer.from('1')]]), 'first')).rejects.toMatchObject({ kind: 'Unreachable' })
    proxy.faults.refuse = false
    expect(await source.fetchTip()).toBe(second)
    await status.commit(null, new Map([['a', Buffer.from('1')]]), 'first')
  })

  it('gives up a host that goes silent', async () => {
    const served = await serve()
    const proxy = await startFaultProxy(sshd.port)
    closing.push(() => proxy.close())
    const { source } = await served.open({ url: served.url(proxy.port), idleTimeoutMs: 3000 })
    await source.fetchTip()
    proxy.faults.silent = true
    await expect(source.fetchTip()).rejects.toMatchObject({ kind: 'Unreachable' })
  })

  it('speaks version 0 where the server does not let it ask for version 2', async () => {
    const old = await startSshd({ versionZero: true })
    closing.push(() => old.close())
    const served = await old.createRepository()
    closing.push(() => served.close())
    const first = await importCommits(served.repository, [{ a: '1' }, { b: '2' }])
    const { source } = await served.open()
    expect(await source.fetchTip()).toBe(first)
    const second = await importCommits(served.repository, [{ b: '3' }])
    expect(await source.fetchTip()).toBe(second)
    expect(await source.range(first, second, 10)).toEqual({ commits: [second], forward: true })
    expect(Buffer.from((await source.filesAt(second).read('b')) ?? []).toString()).toBe('3')
  })

  it('refuses more than the bound', async () => {
    const served = await serve()
    const { source } = await served.open({ maxBytes: 20_000 })
    await source.fetchTip()
    await importCommits(served.repository, [{ big: Array.from({ length: 20_000 }, (_, index) => String(index ** 2)).join(' ') }])
    const tip = await source.fetchTip()
    const error: unknown = await source
      .filesAt(tip)
      .read('big')
      .catch((reason: unknown) => reason)
    expect(error).toMatchObject({ kind: 'TooLarge' })
  })
})

describe('a host that does not speak ssh', () => {
  it('is given up after the time-out, and when told to', async () => {
    const sockets: Socket[] = []
    const server = createServer((socket) => sockets.push(socket))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closing.push(() => {
      for (const socket of sockets) socket.destroy()
      server.close()
    })
    const { port } = server.address() as AddressInfo
    const credentials = { identity: PRIVATE_KEY, knownHosts: 'x ssh-ed25519 AAAA' }
    const open = { url: `ssh://git@127.0.0.1:${port}/r.git`, branch: null, statusBranch: 's', dataFolder: '/nowhere', credentials }
    const impatient = await openRepository({ ...open, idleTimeoutMs: 200 })
    const patient = await openRepository(open)
    closing.push(() => Promise.all([impatient.close(), patient.close()]))
    const error: unknown = await impatient.source.fetchTip().catch((reason: unknown) => reason)
    expect(error).toMatchObject({ kind: 'Unreachable' })
    expect(String(error)).toMatch(/no answer/)
    const stop = new AbortController()
    const looking = expect(patient.source.fetchTip(stop.signal)).rejects.toThrow('shutting down')
    await expect.poll(() => sockets.length).toBe(2)
    stop.abort(new Error('shutting down'))
    await looking
  })
})

function hashName(name: string): string {
  const salt = randomBytes(20)
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`
}

/** Of nobody: made for this test. */
const PRIVATE_KEY = `-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW
QyNTUxOQAAACAF/HwCz+1VFasOaNtLCrGHbkx6ihqp+5gXipgyqTgOmAAAAJDoG/Pu6Bvz
7gAAAAtzc2gtZWQyNTUxOQAAACAF/HwCz+1VFasOaNtLCrGHbkx6ihqp+5gXipgyqTgOmA
AAAEC20M0xwO+ikgXB9daF/4vtDwoyBljAEG3tghAbdZa3JQX8fALP7VUVqw5o20sKsYdu
THqKGqn7mBeKmDKpOA6YAAAABm5vYm9keQECAwQFBgc=
-----END OPENSSH PRIVATE KEY-----
`
