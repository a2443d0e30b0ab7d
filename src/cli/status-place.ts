import path from 'node:path'
import { Option, type Command } from 'commander'
import { isRemoteUrl } from '../config/repository-name.ts'
import type { Credentials } from '../git/credentials.ts'
import { folderSecrets, readCredentials } from '../read-credentials.ts'
import { readRepositoryDocument } from './read-repository.ts'
import type { Shell } from './shell.ts'
import { UsageError } from './shell.ts'

/** How a command is told which status branch it is about. */
export interface StatusOptions {
  repo?: string
  branch?: string
  repository?: string
  secrets?: string
}

/** Where a status branch lies, and what opens it. */
export interface StatusPlace {
  /** A remote's URL or the absolute path of a local folder. */
  url: string
  branch: string
  credentials: Credentials
  /** The Secret with the key that signs commits, as the Repository document names it. */
  signingSecret: string | null
}

/** Adds the options. */
export function addStatusOptions(command: Command): Command {
  return command
    .addOption(new Option('--repo <DIR|URL>', 'the repository (default: ".")'))
    .addOption(new Option('--branch <NAME>', 'its status branch (default: "fusee/status")'))
    .addOption(new Option('--repository <FILE>', 'Repository document that names both, and the Secret that opens them; --repo overrides its url'))
    .addOption(new Option('--secrets <DIR>', 'folder with the Secrets, as <secret>/<key>'))
}

/** Joins options and document. Throws UsageError, and TypeError for a Secret that is not there. */
export async function resolveStatusPlace(shell: Shell, options: StatusOptions): Promise<StatusPlace> {
  const inside = (place: string): string => path.resolve(shell.workingDirectory, place)
  const spec = options.repository === undefined ? undefined : (await readRepositoryDocument(options.repository, shell)).spec
  const elsewhere = options.repo === undefined ? spec?.history.url : undefined
  const given = options.repo ?? elsewhere ?? spec?.url ?? '.'
  const secret = elsewhere === undefined ? spec?.secretRef?.name : spec?.history.secretRef?.name
  if (secret !== undefined && options.secrets === undefined) {
    throw new UsageError(`the Repository names the Secret ${secret}: say with --secrets DIR where the folder ${secret} lies`)
  }
  return {
    url: isRemoteUrl(given) || /^file:/i.test(given) ? given : inside(given),
    branch: options.branch ?? spec?.history.branch ?? 'fusee/status',
    signingSecret: spec?.history.signingKey?.secretRef.name ?? null,
    credentials: secret === undefined ? {} : await readCredentials(folderSecrets(inside(options.secrets ?? '')), secret),
  }
}
