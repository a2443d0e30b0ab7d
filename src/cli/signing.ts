import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { Option } from 'commander'
import { createCommitSigner } from '../git/commit-signer.ts'
import type { CommitSigner } from '../git/ports.ts'
import { folderSecrets, readSigner } from '../read-credentials.ts'
import type { Shell } from './shell.ts'
import { UsageError } from './shell.ts'

/** How a command that writes to the status branch is told what signs its commit. */
export interface SigningOptions {
  signingKey?: string
  secrets?: string
}

/** The option for a key that lies in a file. */
export function signingOption(): Option {
  return new Option(
    '--signing-key <FILE>',
    'private key without a passphrase that signs the commit (ssh, or OpenPGP in armour); default: what the Repository document names',
  )
}

/** What signs: the key of the option, else of `secret`, which the Repository document names. Null for none. Throws UsageError, and TypeError for a Secret without a key. */
export async function readCommitSigner(shell: Shell, options: SigningOptions, secret: string | null): Promise<CommitSigner | null> {
  const inside = (place: string): string => path.resolve(shell.workingDirectory, place)
  if (options.signingKey !== undefined) {
    try {
      return await createCommitSigner({ text: await readFile(inside(options.signingKey), 'utf8') })
    } catch (error) {
      throw new UsageError(`--signing-key: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
    }
  }
  if (secret === null) return null
  if (options.secrets === undefined)
    throw new UsageError(`the Repository names the Secret ${secret} for signing: say with --secrets DIR where the folder ${secret} lies`)
  return readSigner(folderSecrets(inside(options.secrets)), secret)
}

/** What a person has to know whose commit is the first on a branch that is not signed. */
export function unsignedNote(branch: string): string {
  return `fusee: the commits of ${branch} are signed, this one is not, and fusee history verify will name it: say --signing-key FILE to sign it\n`
}
