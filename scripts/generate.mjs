// Writes what is generated from the schemas: `src/definitions/written.ts`. With `--check` it writes nothing and fails when that is out of step.
import { readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compile } from 'json-schema-to-typescript'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const target = 'src/definitions/written.ts'
const banner = '// Generated from schemas/ by scripts/generate.mjs: change the schemas instead.'

/** The types of both documents, each shared definition once. */
async function generateWrittenTypes() {
  const both = {
    title: 'WrittenDefinition',
    description: 'A document of ours as it is written in YAML.',
    oneOf: [{ $ref: 'workflow.schema.json' }, { $ref: 'schedule.schema.json' }],
  }
  return compile(both, 'WrittenDefinition', {
    bannerComment: banner,
    cwd: `${join(root, 'schemas')}/`,
    additionalProperties: false,
    style: { semi: false, singleQuote: true, printWidth: 150 },
  })
}

const wanted = await generateWrittenTypes()
if (process.argv.includes('--check')) {
  const found = await readFile(join(root, target), 'utf8').catch(() => '')
  if (found !== wanted) {
    console.error(`${target} is out of step with schemas/: run node scripts/generate.mjs`)
    process.exitCode = 1
  }
} else {
  await writeFile(join(root, target), wanted)
}
