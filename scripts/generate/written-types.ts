import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { compile, type JSONSchema } from 'json-schema-to-typescript'

const BANNER = '// Generated from schemas/ by scripts/generate.ts: change the schemas instead.'

/** Documents that the definitions' folder holds. */
const DOCUMENTS = ['workflow', 'schedule', 'step-template']

/** Documents of other places, each with the file of its types beside the code that reads or writes it. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  repository: 'src/config/written-repository.ts',
  run: 'src/runs/written-run.ts',
  record: 'src/history/written-record.ts',
}

/** The files of types by path. */
export async function generateWrittenTypes(): Promise<Record<string, string>> {
  const elsewhere = Object.entries(ELSEWHERE).map(async ([name, path]) => {
    const schema = JSON.parse(await readFile(`schemas/${name}.schema.json`, 'utf8')) as JSONSchema
    return [path, await compile(schema, schema.title ?? name, { bannerComment: BANNER, additionalProperties: false, format: false })] as const
  })
  return { 'src/definitions/written.ts': await generateDefinitionTypes(), ...Object.fromEntries(await Promise.all(elsewhere)) }
}

/** The types of all definitions as they are written, each shared one once. What is Kubernetes' own stays raw JSON. */
async function generateDefinitionTypes(): Promise<string> {
  const definitions: JSONSchema = {
    title: 'WrittenDefinition',
    description: 'A document of ours as it is written in YAML.',
    oneOf: DOCUMENTS.map((name) => ({ $ref: `${name}.schema.json` })),
  }
  return compile(definitions, 'WrittenDefinition', {
    bannerComment: BANNER,
    cwd: `${resolve('schemas')}/`,
    additionalProperties: false,
    format: false,
    $refOptions: { resolve: { schemas: { order: 1, canRead: /[.]schema[.]json$/, read: readSchema } } },
  })
}

async function readSchema({ url }: { url: string }): Promise<string> {
  const name = url.split('/').at(-1) ?? ''
  return JSON.stringify(JSON.parse(await readFile(`schemas/${name}`, 'utf8'), withoutKubernetes))
}

function withoutKubernetes(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('$ref' in value)) return value
  if (typeof value.$ref !== 'string' || !value.$ref.startsWith('kubernetes.schema.json')) return value
  const { $ref: _, ...rest } = value
  return { ...rest, type: 'object', additionalProperties: true }
}
