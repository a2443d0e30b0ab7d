import { createHmac } from 'node:crypto'

/** A hook as a forge sends it. */
export interface Hook {
  headers: Record<string, string>
  body: string
}

const BEFORE = '28e1879d029cb852e4844d9c718537df08844e03'
const AFTER = 'bffeb74224043ba2feb48d137756c8a9331c449a'

const hex = (secret: string, text: string): string => createHmac('sha256', secret).update(text).digest('hex')

/** GitHub's `push`: https://docs.github.com/webhooks/webhook-events-and-payloads#push; signed as in https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries */
export function githubHook(secret: string, event = 'push', delivery = '72d3162e-cc78-11e3-81ab-4c9367dc0958'): Hook {
  const body = JSON.stringify({
    ref: 'refs/heads/main',
    before: BEFORE,
    after: AFTER,
    created: false,
    deleted: false,
    forced: false,
    repository: { full_name: 'acme/data-jobs', default_branch: 'main', clone_url: 'https://github.com/acme/data-jobs.git' },
    pusher: { name: 'ada', email: 'ada@example.org' },
    commits: [{ id: AFTER, message: 'Measure twice', added: [], modified: ['workflows/report.yaml'], removed: [] }],
  })
  return {
    headers: {
      'content-type': 'application/json',
      'user-agent': 'GitHub-Hookshot/044aadd',
      'x-github-event': event,
      'x-github-delivery': delivery,
      'x-github-hook-id': '292430182',
      'x-hub-signature-256': `sha256=${hex(secret, body)}`,
    },
    body,
  }
}

const gitlabBody = JSON.stringify({
  object_kind: 'push',
  event_name: 'push',
  before: BEFORE,
  after: AFTER,
  ref: 'refs/heads/main',
  user_username: 'ada',
  project: { path_with_namespace: 'acme/data-jobs', default_branch: 'main', git_http_url: 'https://gitlab.example.com/acme/data-jobs.git' },
  total_commits_count: 1,
})
const gitlabHeaders = {
  'content-type': 'application/json',
  'user-agent': 'GitLab/19.1.0',
  'idempotency-key': 'f5e5f430-f57b-4e6e-9fac-d9128cd7232f',
  'x-gitlab-event': 'Push Hook',
  'x-gitlab-event-uuid': '13792a34-cac6-4fda-95a8-c58e00a3954e',
  'x-gitlab-instance': 'https://gitlab.example.com',
}

/** GitLab's push event with a secret token: https://docs.gitlab.com/user/project/integrations/webhook_events/#push-events, https://docs.gitlab.com/user/project/integrations/webhooks/ */
export function gitlabTokenHook(secret: string): Hook {
  return { headers: { ...gitlabHeaders, 'x-gitlab-token': secret }, body: gitlabBody }
}

/** The same with a signing token, which follows https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
export function gitlabSignedHook(secret: string, atMs: number): Hook {
  return { headers: { ...gitlabHeaders, ...standardHeaders(secret, gitlabHeaders['idempotency-key'], atMs, gitlabBody) }, body: gitlabBody }
}

/** Gitea's push: https://docs.gitea.com/usage/webhooks. It sends GitHub's and Gogs' headers beside its own. */
export function giteaHook(secret: string): Hook {
  return forgeHook(secret, ['gitea', 'gogs', 'github'])
}

/** Forgejo's push: https://forgejo.org/docs/latest/user/webhooks */
export function forgejoHook(secret: string): Hook {
  return forgeHook(secret, ['forgejo', 'gitea', 'gogs', 'github'])
}

function forgeHook(secret: string, names: readonly string[]): Hook {
  const body = JSON.stringify({
    ref: 'refs/heads/main',
    before: BEFORE,
    after: AFTER,
    compare_url: `https://git.example.com/acme/data-jobs/compare/${BEFORE}...${AFTER}`,
    commits: [{ id: AFTER, message: 'Measure twice', author: { name: 'Ada', email: 'ada@example.org', username: 'ada' } }],
    repository: { id: 140, full_name: 'acme/data-jobs', default_branch: 'main', clone_url: 'https://git.example.com/acme/data-jobs.git' },
    pusher: { id: 1, login: 'ada' },
  })
  const signature = hex(secret, body)
  const headers = names.flatMap((name) => [
    [`x-${name}-event`, 'push'],
    [`x-${name}-delivery`, 'f6266f16-1bf3-46a5-9ea4-602e06ead473'],
    ...(name === 'github' ? [] : [[`x-${name}-signature`, signature]]),
  ])
  return {
    headers: {
      'content-type': 'application/json',
      'x-hub-signature-256': `sha256=${signature}`,
      ...(Object.fromEntries(headers) as Record<string, string>),
    },
    body,
  }
}

/** A program of one's own that signs the body alone. */
export function plainHook(secret: string, params: unknown, headers: Record<string, string> = {}): Hook {
  const body = params === undefined ? '' : JSON.stringify(params)
  return { headers: { 'content-type': 'application/json', 'x-signature': `sha256=${hex(secret, body)}`, ...headers }, body }
}

/** A program of one's own that signs as Standard Webhooks does. */
export function standardHook(secret: string, id: string, atMs: number, params: unknown): Hook {
  const body = JSON.stringify(params)
  return { headers: { 'content-type': 'application/json', ...standardHeaders(secret, id, atMs, body) }, body }
}

function standardHeaders(secret: string, id: string, atMs: number, body: string): Record<string, string> {
  const seconds = String(Math.floor(atMs / 1000))
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : secret
  const signature = createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')
  return { 'webhook-id': id, 'webhook-timestamp': seconds, 'webhook-signature': `v1a,AAAA v1,${signature}` }
}
