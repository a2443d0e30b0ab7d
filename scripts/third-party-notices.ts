import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A package of which the bundle holds code. */
interface BundledPackage {
  name: string
  version: string
  license: string
  /** Where its source is. */
  home: string
  /** Licences and notices as it brings them; none when it brings none. */
  texts: string[]
}

const HEAD = `Fusee holds code of the packages below, each under the licence that follows its name.

Those under the LGPL are bundled as their authors have published them. They may be replaced by changed ones: put these into node_modules of
Fusee's source, which is published along with it, and run "npm run build".
`

const LINE = '='.repeat(100)

/**
 * What has to be handed on together with a bundle: names, licences and notices of all packages among its inputs (paths relative to the
 * project's root), and the licence text itself where a package brings none. Throws Error for a package without any known licence.
 */
export async function thirdPartyNotices(inputs: readonly string[]): Promise<string> {
  const folders = [...new Set(inputs.flatMap((input) => packageFolderOf(input) ?? []))]
  const packages = (await Promise.all(folders.map(readPackage))).sort((one, other) => (titleOf(one) < titleOf(other) ? -1 : 1))
  const parts = await Promise.all(packages.map(describe))
  // The LGPL only adds to the GPL, and asks for both.
  const gpl = packages.some(({ license }) => license.startsWith('LGPL'))
    ? [`${LINE}\nGNU General Public License\n\n${await textOf('GPL-3.0-only')}\n`]
    : []
  return [HEAD, ...parts, ...gpl].join('\n')
}

/** The folder of the package to which a file belongs; null for a file of ours. */
function packageFolderOf(input: string): string | null {
  return /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(input)?.[0] ?? null
}

async function readPackage(folder: string): Promise<BundledPackage> {
  const { name, version, license, licenses, repository, homepage } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest
  const files = (await readdir(folder)).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file)).sort()
  const texts = await Promise.all(files.map(async (file) => (await readFile(join(folder, file), 'utf8')).trim()))
  const home = typeof repository === 'string' ? repository : (repository?.url ?? homepage ?? '')
  return { name, version, license: nameOf(license ?? licenses?.[0]), home: home.replace(/^git\+/, ''), texts }
}

/** The fields that are read; `licenses` and an object for `license` are of old. */
interface Manifest {
  name: string
  version: string
  license?: string | { type?: string }
  licenses?: { type?: string }[]
  repository?: string | { url?: string }
  homepage?: string
}

function nameOf(license: Manifest['license']): string {
  return (typeof license === 'string' ? license : license?.type) ?? 'unknown'
}

function titleOf({ name, version, license, home }: BundledPackage): string {
  return `${name} ${version} (${license}) ${home}`
}

async function describe(one: BundledPackage): Promise<string> {
  const said = one.texts.length > 0 ? one.texts : [await textOf(one.license)]
  return `${LINE}\n${titleOf(one)}\n\n${said.join('\n\n')}\n`
}

/** The text of a licence by its SPDX id. */
async function textOf(id: string): Promise<string> {
  const { default: licenses } = await import('spdx-license-list/full.js')
  const text = licenses[id]?.licenseText
  if (text === undefined) throw new Error(`there is no text of the licence ${id}: look at the package that names it`)
  return text.trim()
}
