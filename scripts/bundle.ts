import { chmod, rename, rm, writeFile } from 'node:fs/promises'
import { build, type Plugin } from 'esbuild'
import { compileSchemas } from './compile-schemas.ts'
import { thirdPartyNotices } from './third-party-notices.ts'

/** What users run: the whole of Fusee in one file. Relative to the project's root. */
export const BUNDLE = 'dist/fusee.mjs'
/** What has to go along with it. */
export const NOTICES = 'dist/THIRD-PARTY-NOTICES.txt'

/** Bundled CommonJS packages expect these three; an ES module does not have them. */
const BANNER = `#!/usr/bin/env node
import { createRequire as bannerCreateRequire } from 'node:module'
import { dirname as bannerDirname } from 'node:path'
import { fileURLToPath as bannerFileURLToPath } from 'node:url'
const require = bannerCreateRequire(import.meta.url)
const __filename = bannerFileURLToPath(import.meta.url)
const __dirname = bannerDirname(__filename)
`

/** Writes the bundle. It appears under its name when it is whole, so that whoever starts it meanwhile gets the old one or the new one. */
export async function buildBundle(): Promise<void> {
  const unfinished = `${BUNDLE}.${String(process.pid)}`
  try {
    const { metafile } = await build({
      metafile: true,
      entryPoints: ['src/main.ts'],
      outfile: unfinished,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      banner: { js: BANNER },
      // Faster parts of the ssh library in machine code: it goes without them when they are not there.
      external: ['cpu-features', '*.node'],
      plugins: [compileSchemas, withoutKubernetesModels],
      logLevel: 'warning',
    })
    await chmod(unfinished, 0o755)
    await writeFile(NOTICES, await thirdPartyNotices(Object.keys(metafile.inputs)))
    await rename(unfinished, BUNDLE)
  } finally {
    await rm(unfinished, { force: true })
  }
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
