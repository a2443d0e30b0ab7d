import { createRequire } from 'node:module'
import { transform, type Plugin } from 'esbuild'
import { createAjv, SCHEMA_IDS } from '../src/definitions/schema/schemas.ts'

// A CommonJS module, whose default export is another thing to each who imports it.
const { default: standaloneCode } = createRequire(import.meta.url)('ajv/dist/standalone') as typeof import('ajv/dist/standalone/index.js')

/** Puts validators that are compiled already in the place of src/definitions/schema/compiled-schemas.ts, with the same exports. */
export const compileSchemas: Plugin = {
  name: 'compile-schemas',
  setup({ onLoad }) {
    onLoad({ filter: /[/\\]src[/\\]definitions[/\\]schema[/\\]compiled-schemas\.ts$/ }, async () => ({ contents: await compile(), loader: 'js' }))
  },
}

async function compile(): Promise<string> {
  const validators = standaloneCode(createAjv({ source: true, esm: true, optimize: true }), SCHEMA_IDS)
  const validatorOf = `const known = { ${Object.keys(SCHEMA_IDS).join(', ')} }; export function validatorOf(kind) { return known[kind] }`
  const { code } = await transform(`${validators}\n${validatorOf}`, { minify: true })
  return code
}
