import { chmod, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, join, relative } from 'node:path'
import { build, type Plugin } from 'esbuild'
import { compileSchemas } from './compile-schemas.ts'
import { thirdPartyNotices } from './third-party-notices.ts'

/** What users run: all of Fusee that every start needs. Relative to the project's root. */
export const BUNDLE = 'dist/fusee.mjs'
/** Beside it, the packages that it loads when they are first needed. Names hold a hash of what is in the file. */
export const PARTS = 'dist/fusee'
/** What has to go along with both. */
export const NOTICES = 'dist/THIRD-PARTY-NOTICES.txt'

/** Parts of builds before are kept for a week. */
const KEPT_MS = 7 * 24 * 3_600_000

/** Bundled CommonJS packages expect these three; an ES module does not have them. */
const BANNER = `#!/usr/bin/env node
import { createRequire as bannerCreateRequire } from 'node:module'
import { dirname as bannerDirname } from 'node:path'
import { fileURLToPath as bannerFileURLToPath } from 'node:url'
const require = bannerCreateRequire(import.meta.url)
const __filename = bannerFileURLToPath(import.meta.url)
const __dirname = bannerDirname(__filename)
`

/** Writes the bundle. It appears under its name when it and its parts are whole, so that whoever starts it meanwhile gets the old one or the new one. */
export async function buildBundle(): Promise<void> {
  const { metafile, outputFiles } = await build({
    metafile: true,
    write: false,
    entryPoints: { fusee: 'src/main.ts' },
    outdir: 'dist',
    outExtension: { '.js': '.mjs' },
    chunkNames: 'fusee/[name]-[hash]',
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    banner: { js: BANNER },
    // Faster parts of the ssh library in machine code: it goes without them when they are not there.
    external: ['cpu-features', '*.node'],
    plugins: [compileSchemas, withoutKubernetesModels],
    logLevel: 'warning',
  })
  await mkdir(PARTS, { recursive: true })
  const files = outputFiles.map(({ path, contents }) => ({ path: relative('', path), contents }))
  for (const { path, contents } of files) if (path !== BUNDLE) await writeWhole(path, contents)
  await writeFile(NOTICES, await thirdPartyNotices(Object.keys(metafile.inputs)))
  for (const { path, contents } of files) if (path === BUNDLE) await writeWhole(path, contents)
  const current = new Set(files.map(({ path }) => basename(path)))
  for (const name of await readdir(PARTS)) if (!current.has(name)) await removeOld(join(PARTS, name))
}

/** Removes a file of builds before. Not one that another build may just be writing, or that a program which still runs may yet load. */
async function removeOld(path: string): Promise<void> {
  const written = await stat(path).catch(() => null)
  if (written !== null && Date.now() - written.mtimeMs > KEPT_MS) await rm(path, { force: true })
}

/**
 * The Kubernetes client takes two functions from its generated half, which holds a class for each kind of object: without an index of all of them they
 * need neither be read here nor be there.
 */
const withoutKubernetesModels: Plugin = {
  name: 'without-kubernetes-models',
  setup({ onLoad }) {
    onLoad({ filter: /[/\\]client-node[/\\]dist[/\\]gen[/\\]index\.js$/ }, () => ({
      contents: `export { createConfiguration } from './configuration.js'\nexport { ServerConfiguration } from './servers.js'`,
    }))
  },
}

async function writeWhole(path: string, contents: Uint8Array): Promise<void> {
  const unfinished = `${path}.${String(process.pid)}`
  try {
    await writeFile(unfinished, contents)
    await chmod(unfinished, 0o755)
    await rename(unfinished, path)
  } finally {
    await rm(unfinished, { force: true })
  }
}
