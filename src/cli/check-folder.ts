import { stat } from 'node:fs/promises'
import path from 'node:path'
import { UsageError } from './shell.ts'

/** Throws UsageError unless the root of a repository could be there. */
export async function checkFolder(root: string, shown: string): Promise<void> {
  const found = await stat(root).catch(() => null)
  if (!found?.isDirectory()) throw new UsageError(`${JSON.stringify(shown)} is no folder; name the root of a repository`)
}

/** Throws UsageError unless the Secrets could lie there. */
export async function checkSecretsFolder(folder: string): Promise<void> {
  const found = await stat(folder).catch(() => null)
  if (!found?.isDirectory()) throw new UsageError(`there is no folder ${folder}; --secrets names one that holds Secrets, as <secret>/<key>`)
}

/** Throws UsageError unless the folder of the definitions is there. */
export async function checkDefinitionsFolder(root: string, folder: string): Promise<void> {
  const found = await stat(path.join(root, folder)).catch(() => null)
  if (!found?.isDirectory()) throw new UsageError(`there is no folder ${folder} in ${root}; say with --path where the definitions lie`)
}
