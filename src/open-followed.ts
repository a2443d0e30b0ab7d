import type { ServeConfig } from './config/serve-config.ts'
import type { FollowedRepository } from './context.ts'
import type { OpenedRepository } from './git/open.ts'
import { openRepository } from './git/open.ts'
import type { Secrets } from './read-credentials.ts'
import { readCredentials, readSecretValues, readSigner } from './read-credentials.ts'

/** What a Repository says of the git that it follows. */
export type FollowConfig = Pick<
  ServeConfig,
  'settings' | 'url' | 'branch' | 'statusBranch' | 'credentialsSecret' | 'webhookSecret' | 'history' | 'signingSecret'
>

/** Opens the git of a Repository with what its Secrets hold. Throws TypeError or GitError for what a person has to mend. */
export async function openFollowed(
  config: FollowConfig,
  options: { secrets: Secrets; owner: string; dataFolder: string; env: Readonly<Record<string, string | undefined>> },
): Promise<{ followed: FollowedRepository; git: OpenedRepository }> {
  const { secrets, owner, dataFolder, env } = options
  const credentialsOf = (secret: string | null) => (secret === null ? Promise.resolve({}) : readCredentials(secrets, secret))
  const { url, branch, statusBranch, webhookSecret } = config
  const credentials = await credentialsOf(config.credentialsSecret)
  const history =
    config.history === null ? {} : { history: { url: config.history.url, credentials: await credentialsOf(config.history.credentialsSecret) } }
  const sign = config.signingSecret === null ? null : await readSigner(secrets, config.signingSecret)
  const webhooks = webhookSecret === null ? {} : { webhookSecrets: () => readSecretValues(secrets, webhookSecret) }
  const git = await openRepository({ url, branch, statusBranch, dataFolder, credentials, proxies: env, sign, ...history })
  const { review } = config.settings
  const reviews = review === undefined ? {} : { reviews: git.reviews(review.into) }
  return { git, followed: { settings: config.settings, source: git.source, status: git.status, ...reviews, owner, ...webhooks } }
}
