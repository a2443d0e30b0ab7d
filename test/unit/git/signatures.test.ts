import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { generateKey } from 'openpgp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createCommitSigner } from '../../../src/git/commit-signer.ts'
import { encodeCommit, objectId } from '../../../src/git/objects.ts'
import { openRepository } from '../../../src/git/open.ts'
import { asCommitSha } from '../../../src/git/ports.ts'
import { parseStoredCommit, withSignature } from '../../../src/git/stored-commit.ts'
import { parseTrustedKeys } from '../../../src/git/trusted-keys.ts'
import { runGit } from '../../support/git-program.ts'
import { removeFolder } from '../../support/remove-folder.ts'

const run = promisify(execFile)
const AT = 1_700_000_000
const COMMIT = encodeCommit({
  tree: '4b825dc642cb6eb9a060e54bf8d69288fbee4904',
  parents: [],
  message: 'gpgsig in the message\n\n-----BEGIN SSH SIGNATURE-----\nno\n-----END SSH SIGNATURE-----\n',
  author: { name: 'Ann', email: 'ann@localhost' },
  atSeconds: AT,
})

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fusee-signatures-'))
})
afterAll(() => removeFolder(folder))

async function sshKey(name: string, type = 'ed25519', passphrase = ''): Promise<{ text: string; publicText: string; path: string }> {
  const path = join(folder, name)
  await run('ssh-keygen', ['-q', '-t', type, '-N', passphrase, '-C', `${name}@localhost`, '-f', path])
  return { text: await readFile(path, 'utf8'), publicText: await readFile(`${path}.pub`, 'utf8'), path }
}

async function pgpKey(name: string, passphrase = ''): Promise<{ text: string; publicText: string }> {
  const date = new Date((AT - 1000) * 1000)
  const { privateKey, publicKey } = await generateKey({ userIDs: [{ name, email: `${name}@localhost` }], passphrase, date })
  return { text: privateKey, publicText: publicKey }
}

function parse(bytes: Uint8Array) {
  return parseStoredCommit(asCommitSha(objectId('commit', bytes)), bytes)
}

describe('a commit as it is stored', () => {
  it('is split into what was signed and the signature, by its headers alone', () => {
    expect(parse(COMMIT)).toMatchObject({ signature: null, author: { name: 'Ann', email: 'ann@localhost', atSeconds: AT } })
    const signed = parse(withSignature(COMMIT, 'line 1\n\nline 3\n'))
    expect(Buffer.from(signed.payload).toString()).toBe(Buffer.from(COMMIT).toString())
    expect(signed.signature).toBe('line 1\n\nline 3\n')
  })

  it('keeps headers that nobody knows, and takes the other signature out', () => {
    const [head, message] = Buffer.from(COMMIT)
      .toString()
      .split(/\n\n(.*)/s)
    const text = `${head}\nmergetag object 1\n tag v1\ngpgsig-sha256 other\n more\ngpgsig mine\n\n${message}`
    const { payload, signature } = parse(Buffer.from(text))
    expect(Buffer.from(payload).toString()).toBe(`${head}\nmergetag object 1\n tag v1\n\n${message}`)
    expect(signature).toBe('mine\n')
    expect(() => parse(withSignature(withSignature(COMMIT, 'a'), 'b'))).toThrow('two signatures')
  })
})

describe('signing', () => {
  it.each(['ed25519', 'rsa', 'ecdsa'])('with an ssh key of type %s makes what git and we accept, and nothing else', async (type) => {
    const { text, publicText, path } = await sshKey(`sign-${type}`, type)
    const signature = await (await createCommitSigner({ text }))(COMMIT)
    const keys = await parseTrustedKeys([{ name: 'keys', text: publicText }])
    expect(await keys.judge(signature, COMMIT, AT)).toMatchObject({ kind: 'Good', by: `sign-${type}@localhost` })
    expect(await keys.judge(signature, Buffer.concat([COMMIT, Buffer.from(' ')]), AT)).toMatchObject({ kind: 'Bad' })
    const repository = join(folder, `repo-${type}`)
    await runGit(folder, ['init', '--quiet', repository])
    const id = await runGit(repository, ['hash-object', '-t', 'commit', '-w', '--stdin'], withSignature(COMMIT, signature))
    await writeFile(`${path}.allowed`, `ann namespaces="git" ${publicText}`)
    await runGit(repository, ['config', 'gpg.ssh.allowedSignersFile', `${path}.allowed`])
    await expect(runGit(repository, ['verify-commit', id])).resolves.toBeDefined()
  })

  it('with a key that has a passphrase needs it', async () => {
    const ssh = await sshKey('locked', 'ed25519', 'secret phrase')
    const pgp = await pgpKey('locked', 'secret phrase')
    for (const { text } of [ssh, pgp]) {
      await expect(createCommitSigner({ text })).rejects.toThrow(/signing commits cannot be used: .*passphrase, which is missing/)
      await expect(createCommitSigner({ text, passphrase: 'wrong' })).rejects.toThrow(/passphrase is wrong/)
      await expect(createCommitSigner({ text, passphrase: 'secret phrase' })).resolves.toBeTypeOf('function')
    }
  })

  it.each(['', 'hunter2', '-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nhunter2\n-----END PGP PRIVATE KEY BLOCK-----'])('refuses %j', async (text) => {
    const error: unknown = await createCommitSigner({ text }).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(TypeError)
    expect(String(error)).not.toContain('hunter2')
  })

  it('refuses a public key', async () => {
    const { publicText } = await sshKey('public')
    await expect(createCommitSigner({ text: publicText })).rejects.toThrow('give the private one')
  })
})

describe('a status branch that is signed', () => {
  it('with an ssh key is accepted by git, commit by commit', async () => {
    const { text, publicText, path } = await sshKey('writer')
    const { repository, commits } = await writeSigned('signed-ssh', text)
    await writeFile(`${path}.allowed`, `fusee namespaces="git" ${publicText}`)
    await runGit(repository, ['config', 'gpg.ssh.allowedSignersFile', `${path}.allowed`])
    for (const id of commits) await expect(runGit(repository, ['verify-commit', id])).resolves.toBeDefined()
  })

  const gpg = existsSync('/usr/bin/gpg')
  it.skipIf(!gpg)(
    gpg ? 'with an OpenPGP key is accepted by git and gpg, commit by commit' : 'SKIPPED, because gpg is not installed here (apt-get install gnupg)',
    async () => {
      const { text, publicText } = await pgpKey('writer')
      const { repository, commits } = await writeSigned('signed-pgp', text)
      const home = join(folder, 'gpg')
      await mkdir(home, { mode: 0o700 })
      await writeFile(join(home, 'key.asc'), publicText)
      const env = { ...process.env, GNUPGHOME: home }
      await run('gpg', ['--batch', '--quiet', '--import', join(home, 'key.asc')], { env })
      for (const id of commits)
        await expect(run('git', ['-C', repository, 'verify-commit', '--raw', id], { env })).resolves.toMatchObject({
          stderr: expect.stringContaining('GOODSIG') as string,
        })
    },
  )

  /** Two commits of the writer, in a repository of its own. */
  async function writeSigned(name: string, text: string): Promise<{ repository: string; commits: string[] }> {
    const repository = join(folder, name)
    await runGit(folder, ['init', '--quiet', '--bare', repository])
    const sign = await createCommitSigner({ text })
    const { status, close } = await openRepository({
      url: repository,
      branch: 'main',
      statusBranch: 'fusee/status',
      dataFolder: join(folder, 'unused'),
      sign,
    })
    let tip = await status.fetchTip()
    for (const content of ['one', 'two'])
      tip = await status.commit(tip, new Map([['history/README.md', Buffer.from(content)]]), `${content} [skip ci]`)
    await close()
    return { repository, commits: (await runGit(repository, ['rev-list', 'fusee/status'])).split('\n') }
  }
})

describe('signatures of others', () => {
  it('made by git with an ssh key are judged by who is trusted, and when', async () => {
    const { publicText, path } = await sshKey('signer')
    const { publicText: other } = await sshKey('other')
    const repository = join(folder, 'signed')
    await runGit(folder, ['init', '--quiet', repository])
    for (const [key, value] of Object.entries({ 'gpg.format': 'ssh', 'user.signingKey': path })) await runGit(repository, ['config', key, value])
    await runGit(repository, ['commit', '--quiet', '--allow-empty', '-S', '-m', 'signed'])
    const id = asCommitSha(await runGit(repository, ['rev-parse', 'HEAD']))
    const bytes = Buffer.from(`${await runGit(repository, ['cat-file', 'commit', id])}\n`)
    const { payload, signature, committer } = parseStoredCommit(id, bytes)
    const table = [
      { text: publicText, want: { kind: 'Good', by: 'signer@localhost' } },
      { text: `# who\nann@example.com,bob ${publicText}`, want: { kind: 'Good', by: 'ann@example.com,bob' } },
      { text: `ann namespaces="file" ${publicText}\nbob ${other}`, want: { kind: 'Untrusted' } },
      {
        text: `ann valid-before="20200101" ${publicText}`,
        want: { kind: 'Bad', reason: expect.stringMatching(/was not valid at that time/) as string },
      },
      { text: `ann valid-after="202001010000Z",valid-before="29990101" ${publicText}`, want: { kind: 'Good', by: 'ann' } },
      { text: other, want: { kind: 'Untrusted', key: expect.stringMatching(/^SHA256:/) as string } },
    ]
    for (const { text, want } of table) {
      const keys = await parseTrustedKeys([{ name: 'keys', text }])
      expect(await keys.judge(signature ?? '', payload, committer.atSeconds), text).toMatchObject(want)
    }
  })

  it('made with an OpenPGP key are judged likewise', async () => {
    const [ann, bob] = [await pgpKey('ann'), await pgpKey('bob')]
    const signature = await (await createCommitSigner({ text: ann.text }))(COMMIT)
    const now = Math.floor(Date.now() / 1000) + 1
    const both = await parseTrustedKeys([{ name: 'keys', text: `${bob.publicText}\n${ann.publicText}` }])
    expect(await both.judge(signature, COMMIT, now)).toMatchObject({ kind: 'Good', by: 'ann <ann@localhost>' })
    expect(await both.judge(signature, Buffer.from('other'), now)).toMatchObject({ kind: 'Bad' })
    const onlyBob = await parseTrustedKeys([{ name: 'keys', text: bob.publicText }])
    expect(await onlyBob.judge(signature, COMMIT, now)).toMatchObject({ kind: 'Untrusted' })
    expect(await both.judge(signature.replace(/\n(.{10})/, '\n0000000000'), COMMIT, now)).toMatchObject({ kind: 'Bad' })
  })

  it('of other kinds, or broken, are bad and say why', async () => {
    const keys = await parseTrustedKeys([{ name: 'keys', text: (await sshKey('any')).publicText }])
    const armour = (bytes: string): string => `-----BEGIN SSH SIGNATURE-----\n${Buffer.from(bytes).toString('base64')}\n-----END SSH SIGNATURE-----\n`
    const table = [
      { signature: 'x', wantReason: /neither an OpenPGP nor an SSH signature/ },
      { signature: armour('SSHSIG\0\0\0\x01'), wantReason: /ends too early/ },
      { signature: armour('NOTSIG\0\0\0\x01'), wantReason: /no SSH signature of version 1/ },
      { signature: '-----BEGIN PGP SIGNATURE-----\n\nx\n-----END PGP SIGNATURE-----', wantReason: /./ },
    ]
    for (const { signature, wantReason } of table) {
      expect(await keys.judge(signature, COMMIT, AT)).toMatchObject({ kind: 'Bad', reason: expect.stringMatching(wantReason) as string })
    }
  })

  it.each([
    { text: '', wantMessage: /keys cannot be used to check signatures: it holds no public key/ },
    { text: 'hello', wantMessage: /no key in the line/ },
    { text: 'ann cert-authority ssh-ed25519 AAAA', wantMessage: /certificates .* are not supported/ },
    { text: 'ssh-ed25519 AAAA', wantMessage: /no key that can be read/ },
    { text: 'ann valid-after=soon ssh-ed25519 AAAA', wantMessage: /./ },
  ])('cannot be checked with $text', async ({ text, wantMessage }) => {
    await expect(parseTrustedKeys([{ name: 'keys', text }])).rejects.toThrow(wantMessage)
  })
})
