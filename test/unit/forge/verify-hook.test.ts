import { describe, expect, it } from 'vitest'
import { mayMoveBranch, verifyHook } from '../../../src/forge/verify-hook.ts'
import type { Hook } from '../../support/hooks.ts'
import { forgejoHook, giteaHook, githubHook, gitlabSignedHook, gitlabTokenHook, plainHook, standardHook } from '../../support/hooks.ts'

const NOW = Date.parse('2026-11-20T12:00:00Z')
const secret = 'correct horse'
const standardSecret = `whsec_${Buffer.from('battery staple').toString('base64')}`

function verify(hook: Hook, secrets: readonly string[]) {
  return verifyHook({ header: (name) => hook.headers[name] ?? null, body: Buffer.from(hook.body) }, secrets, NOW)
}

const senders: { sender: string; secret: string; hook: (secret: string) => Hook; wantDelivery: string; wantEvent: string | null }[] = [
  { sender: 'GitHub', secret, hook: githubHook, wantDelivery: '72d3162e-cc78-11e3-81ab-4c9367dc0958', wantEvent: 'push' },
  { sender: 'GitLab with a token', secret, hook: gitlabTokenHook, wantDelivery: 'f5e5f430-f57b-4e6e-9fac-d9128cd7232f', wantEvent: 'Push Hook' },
  {
    sender: 'GitLab with a signing token',
    secret: standardSecret,
    hook: (one) => gitlabSignedHook(one, NOW),
    wantDelivery: 'f5e5f430-f57b-4e6e-9fac-d9128cd7232f',
    wantEvent: 'Push Hook',
  },
  { sender: 'Gitea', secret, hook: giteaHook, wantDelivery: 'f6266f16-1bf3-46a5-9ea4-602e06ead473', wantEvent: 'push' },
  { sender: 'Forgejo', secret, hook: forgejoHook, wantDelivery: 'f6266f16-1bf3-46a5-9ea4-602e06ead473', wantEvent: 'push' },
  { sender: 'a program', secret, hook: (one) => plainHook(one, { a: 1 }, { 'idempotency-key': 'k' }), wantDelivery: 'k', wantEvent: null },
  {
    sender: 'a program as Standard Webhooks',
    secret: standardSecret,
    hook: (one) => standardHook(one, 'msg_1', NOW - 299_000, {}),
    wantDelivery: 'msg_1',
    wantEvent: null,
  },
]

describe('a hook', () => {
  it.each(senders)('of $sender is let in with any of the secrets, and with no other', ({ secret: one, hook, wantDelivery, wantEvent }) => {
    expect(verify(hook(one), ['older', one, 'newer'])).toEqual({ delivery: wantDelivery, event: wantEvent })
    expect(verify(hook(one), ['older', 'newer'])).toMatchObject({ kind: 'Refused' })
    expect(verify(hook('other'), [one])).toMatchObject({ kind: 'Refused' })
    expect(verify(hook(one), [])).toMatchObject({ kind: 'Refused' })
  })

  it.each(senders.filter(({ sender }) => sender !== 'GitLab with a token'))(
    'of $sender is refused when a byte of its body has changed',
    ({ secret: one, hook }) => {
      const sent = hook(one)
      expect(verify({ ...sent, body: sent.body.replace(/.$/, ' ') }, [one])).toMatchObject({ kind: 'Refused' })
    },
  )

  const refused: { title: string; hook: Hook; wantMessage: string }[] = [
    { title: 'is not signed', hook: { headers: {}, body: '{}' }, wantMessage: 'not signed' },
    { title: 'has a signature of another length', hook: { headers: { 'x-hub-signature-256': 'sha256=ab' }, body: '{}' }, wantMessage: 'fits none' },
    {
      title: 'has a good token beside a bad signature',
      hook: { headers: { 'x-gitlab-token': secret, 'x-hub-signature-256': 'sha256=00' }, body: '' },
      wantMessage: 'fits none',
    },
    { title: 'was signed six minutes ago', hook: standardHook(secret, 'm', NOW - 360_000, {}), wantMessage: 'five minutes' },
    { title: 'was signed six minutes ahead', hook: standardHook(secret, 'm', NOW + 360_000, {}), wantMessage: 'five minutes' },
    {
      title: 'has no timestamp',
      hook: { headers: { 'webhook-id': 'm', 'webhook-signature': 'v1,AAAA' }, body: '' },
      wantMessage: 'needs webhook-id and webhook-timestamp',
    },
    {
      title: 'has its signed id changed',
      hook: { ...standardHook(secret, 'm', NOW, {}), headers: { ...standardHook(secret, 'm', NOW, {}).headers, 'webhook-id': 'n' } },
      wantMessage: 'fits none',
    },
  ]
  it.each(refused)('is refused when it $title', ({ hook, wantMessage }) => {
    expect(verify(hook, [secret])).toEqual({ kind: 'Refused', message: expect.stringContaining(wantMessage) as unknown })
  })

  it('without a name is the same delivery only with the same content', () => {
    const [one, again, other] = [plainHook(secret, { a: 1 }), plainHook(secret, { a: 1 }), plainHook(secret, { a: 2 })].map((hook) =>
      verify(hook, [secret]),
    )
    expect(one).toMatchObject({ delivery: expect.stringMatching(/^sha256:[0-9a-f]{32}$/) as unknown })
    expect(again).toEqual(one)
    expect(other).not.toEqual(one)
  })

  it('with a name beyond all bounds gets a short one', () => {
    expect(verify(plainHook(secret, {}, { 'idempotency-key': 'k'.repeat(5000) }), [secret])).toMatchObject({
      delivery: expect.stringMatching(/^sha256:/) as unknown,
    })
  })
})

it.each([
  { event: 'push', want: true },
  { event: 'Push Hook', want: true },
  { event: null, want: true },
  { event: 'ping', want: false },
  { event: 'issues', want: false },
])('the event $event may move a branch: $want', ({ event, want }) => {
  expect(mayMoveBranch(event)).toBe(want)
})
