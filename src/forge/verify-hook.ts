import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

/** A header of the request by its lower-case name; null when it is not there. */
export type HeaderReader = (name: string) => string | null

/** What a good signature vouches for. */
export interface VerifiedHook {
  /** Names this delivery: sent again it is the same. */
  delivery: string
  /** What the forge says has happened, in its own word; null for a sender that is no forge. */
  event: string | null
}

/** Why a hook is refused; the message goes to its sender. */
export interface RefusedHook {
  kind: 'Refused'
  message: string
}

/** A request as it came in: the body's bytes before anything has read them. */
export interface HookRequest {
  header: HeaderReader
  body: Uint8Array
}

/** A signed timestamp may be this far off our clock, as the Standard Webhooks specification asks for. */
const TOLERANCE_SECONDS = 300

/** Longest delivery id that is taken as it is. */
const LONGEST_DELIVERY = 200

/**
 * Checks a hook against the secrets, of which any may have signed it, so that they can be rotated. The strongest scheme that the
 * request carries decides: a bad signature is not rescued by a good token.
 *
 * - Standard Webhooks, and GitLab's signing tokens: `webhook-signature: v1,<base64>` over id, timestamp and body.
 *   https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md, https://docs.gitlab.com/user/project/integrations/webhooks/
 * - GitHub: `X-Hub-Signature-256: sha256=<hex>` over the body. https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
 * - Forgejo and Gitea: `X-Forgejo-Signature` or `X-Gitea-Signature: <hex>`, the same. https://forgejo.org/docs/latest/user/webhooks, https://docs.gitea.com/usage/webhooks
 * - Others: `X-Signature: sha256=<hex>`, the same.
 * - GitLab's secret tokens: `X-Gitlab-Token: <secret>`.
 */
export function verifyHook(request: HookRequest, secrets: readonly string[], nowMs: number): VerifiedHook | RefusedHook {
  const { header } = request
  const good: VerifiedHook = { delivery: deliveryOf(request), event: eventOf(header) }
  const standard = header('webhook-signature')
  if (standard !== null) return verifyStandard(request, standard, secrets, nowMs) ?? good
  const hex = header('x-hub-signature-256') ?? header('x-forgejo-signature') ?? header('x-gitea-signature') ?? header('x-signature')
  if (hex !== null) return isSigned(hex.replace(/^sha256=/i, '').toLowerCase(), 'hex', secrets, [request.body]) ? good : wrongSignature
  const token = header('x-gitlab-token')
  if (token !== null)
    return secrets.map((secret) => isEqual(token, secret)).includes(true)
      ? good
      : { kind: 'Refused', message: 'the token is none of this repository' }
  return { kind: 'Refused', message: 'the request is not signed: set the secret of webhookSecretRef at its sender' }
}

const wrongSignature: RefusedHook = { kind: 'Refused', message: 'the signature fits none of the secrets of this repository' }

/** Why it is refused; null when it is good. */
function verifyStandard({ header, body }: HookRequest, signatures: string, secrets: readonly string[], nowMs: number): RefusedHook | null {
  const id = header('webhook-id')
  const timestamp = header('webhook-timestamp') ?? ''
  if (id === null || !/^\d{1,12}$/.test(timestamp))
    return { kind: 'Refused', message: 'webhook-signature needs webhook-id and webhook-timestamp beside it' }
  const given = signatures.split(' ').flatMap((one) => /^v1,(.+)$/.exec(one)?.[1] ?? [])
  if (!given.some((one) => isSigned(one, 'base64', secrets, [Buffer.from(`${id}.${timestamp}.`), body]))) return wrongSignature
  if (Math.abs(nowMs / 1000 - Number(timestamp)) <= TOLERANCE_SECONDS) return null
  return { kind: 'Refused', message: 'the signed time is more than five minutes away from the time here: send it anew, or set the clock' }
}

function isSigned(given: string, encoding: 'hex' | 'base64', secrets: readonly string[], parts: readonly Uint8Array[]): boolean {
  // Every secret is tried, whatever comes out: the time tells nothing of which one fits.
  return secrets.map((secret) => isEqual(given, sign(keyOf(secret, encoding), parts, encoding))).includes(true)
}

function sign(key: Uint8Array, parts: readonly Uint8Array[], encoding: 'hex' | 'base64'): string {
  const hmac = createHmac('sha256', key)
  for (const part of parts) hmac.update(part)
  return hmac.digest(encoding)
}

/** Secrets of Standard Webhooks are written as `whsec_` and base64; all others stand for themselves. */
function keyOf(secret: string, encoding: 'hex' | 'base64'): Uint8Array {
  return encoding === 'base64' && secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : Buffer.from(secret)
}

/** In a time that depends on neither text: digests of both are compared. */
function isEqual(one: string, other: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(one), digest(other))
}

/** What the sender calls this delivery. Without a name its content is one: the same bytes again are the same delivery. */
function deliveryOf({ header, body }: HookRequest): string {
  const named = ['webhook-id', 'x-github-delivery', 'x-forgejo-delivery', 'x-gitea-delivery', 'idempotency-key', 'x-gitlab-event-uuid'].map(header)
  const id = named.find((one) => one !== null && one !== '')
  if (id != null && id.length <= LONGEST_DELIVERY) return id
  const digest = createHash('sha256')
    .update(id ?? '')
    .update(body)
    .digest('hex')
  return `sha256:${digest.slice(0, 32)}`
}

function eventOf(header: HeaderReader): string | null {
  return header('x-github-event') ?? header('x-forgejo-event') ?? header('x-gitea-event') ?? header('x-gitlab-event')
}

/** Whether an event only tries whether the hook arrives, as GitHub does when one is made. */
export function isTrial(event: string | null): boolean {
  return event === 'ping'
}

/** Whether an event may have moved a branch. A sender that is no forge and calls without a name means just that. */
export function mayMoveBranch(event: string | null): boolean {
  return event === null || ['push', 'create', 'delete', 'Push Hook', 'System Hook'].includes(event)
}
