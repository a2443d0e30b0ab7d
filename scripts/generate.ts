import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { format, resolveConfig } from 'prettier'
import { generateKubernetesSchema } from './generate/kubernetes-schema.ts'
import { generateReference } from './generate/reference.ts'
import { generateWrittenTypes } from './generate/written-types.ts'

/**
 * Writes what is generated from the schemas: types, the schema of Kubernetes' Job, the reference pages. `npm run check` runs it and fails when a
 * file changes.
 */

const files: Record<string, string> = {
  'schemas/kubernetes.schema.json': `${JSON.stringify(await generateKubernetesSchema())}\n`,
  ...(await generateWrittenTypes()),
  ...(await generateReference()),
}

for (const [path, content] of Object.entries(files)) {
  await mkdir(dirname(path), { recursive: true })
  const laidOut = await format(content, { ...(await resolveConfig(path)), filepath: path })
  if ((await readFile(path, 'utf8').catch(() => '')) !== laidOut) await writeFile(path, laidOut)
}
