/**
 * `node scripts/run.mjs [--if-present] NAME [ARGUMENTS]` runs `scripts/NAME.mjs` or `scripts/NAME.ts` from the project's root. The oldest
 * Node that is supported cannot run TypeScript, so that is bundled into `dist/scripts/` first. With `--if-present`, no such script is fine.
 */
import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'

process.chdir(dirname(dirname(fileURLToPath(import.meta.url))))
const words = process.argv.slice(2)
const isOptional = words[0] === '--if-present'
const [name = '', ...rest] = isOptional ? words.slice(1) : words
const source = [`scripts/${name}.mjs`, `scripts/${name}.ts`].find((path) => existsSync(path))

if (source !== undefined) {
  const runnable = source.endsWith('.ts') ? await bundle(source) : source
  process.argv = [process.execPath, resolve(runnable), ...rest]
  await import(pathToFileURL(resolve(runnable)).href)
} else if (!isOptional) {
  process.stderr.write(`run: there is no script ${name}\n`)
  process.exitCode = 2
}

/** @param {string} source */
async function bundle(source) {
  const outfile = `dist/${source.replace(/\.ts$/, '.mjs')}`
  await build({
    entryPoints: [source],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: 'inline',
    logLevel: 'warning',
  })
  process.setSourceMapsEnabled(true)
  return outfile
}
