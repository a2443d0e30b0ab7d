import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { compileSchemas } from '../../scripts/compile-schemas.ts'
import { validatorOf } from '../../src/definitions/schema/compiled-schemas.ts'
import { SCHEMA_IDS, type SchemaKind } from '../../src/definitions/schema/schemas.ts'
import { removeFolder } from '../support/remove-folder.ts'

/** One document of each kind with many fields; each of them is also made wrong in several ways. */
const DOCUMENTS: Record<SchemaKind, string> = {
  Workflow: `
apiVersion: fusee.dev/v1alpha1
kind: Workflow
metadata: {name: nightly}
spec:
  triggers: {push: {paths: ["a/**"]}, schedule: [{cron: "0 3 * * *", timeZone: Europe/Helsinki}], webhook: [{name: hook}]}
  params: {day: {type: string, default: monday}}
  timeout: 2h
  concurrency: {limit: 1}
  defaults: {image: "busybox:1.36", retries: 1}
  steps:
    - {name: load, script: echo, results: {size: integer}, env: [{name: A, value: b}], resources: {limits: {cpu: 1}}}
    - {name: store, dependsOn: [{step: load, when: Failed}], forEach: [1, 2], if: "true"}
  finally: [{name: tidy, script: echo}]
`,
  Schedule: `
apiVersion: fusee.dev/v1alpha1
kind: Schedule
metadata: {name: mondays}
spec: {workflow: nightly, cron: "0 3 * * 1", timeZone: Etc/UTC, catchUp: All, params: {day: monday}, suspend: true}
`,
  StepTemplate: `
apiVersion: fusee.dev/v1alpha1
kind: StepTemplate
metadata: {name: load}
spec: {params: {day: {type: string}}, step: {image: "busybox:1.36", script: echo, results: {size: integer}}}
`,
  Repository: `
apiVersion: fusee.dev/v1alpha1
kind: Repository
metadata: {name: jobs}
spec: {url: "https://git.example.com/jobs.git", ref: {branch: main}, interval: 1m, history: {branch: records, interval: 1s}, vars: {a: b}, policy: {maxParallelSteps: 3}}
`,
}

const WRONG: readonly unknown[] = [null, 7, '', 'no such thing', [], { unknown: 1 }]

/** The value with every part of it replaced or taken away, one at a time. */
function* damage(value: unknown): Generator<unknown> {
  yield* WRONG
  if (typeof value !== 'object' || value === null) return
  for (const key of Object.keys(value)) {
    const put = (part: unknown): unknown => Object.assign(Array.isArray(value) ? [...(value as unknown[])] : { ...value }, { [key]: part })
    for (const part of damage((value as Record<string, unknown>)[key])) yield put(part)
    if (!Array.isArray(value)) yield Object.fromEntries(Object.entries(value).filter(([name]) => name !== key))
  }
}

it('what the bundle holds says of every document what the schemas say', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fusee-schemas-'))
  try {
    const outfile = join(folder, 'schemas.mjs')
    await build({
      entryPoints: ['src/definitions/schema/compiled-schemas.ts'],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      plugins: [compileSchemas],
    })
    expect(await readFile(outfile, 'utf8')).not.toContain('Ajv2020')
    const compiled = (await import(pathToFileURL(outfile).href)) as { validatorOf: typeof validatorOf }
    for (const kind of Object.keys(SCHEMA_IDS) as SchemaKind[]) {
      const document: unknown = parseAllDocuments(DOCUMENTS[kind])[0]?.toJS()
      expect(compiled.validatorOf(kind)(document), kind).toBe(true)
      let wrong = 0
      for (const value of damage(document)) {
        const [own, other] = [validatorOf(kind), compiled.validatorOf(kind)]
        if (own(value)) expect(other(value)).toBe(true)
        else {
          wrong++
          other(value)
          if (JSON.stringify(other.errors) !== JSON.stringify(own.errors)) expect(other.errors).toEqual(own.errors)
        }
      }
      expect(wrong).toBeGreaterThan(50)
    }
  } finally {
    await removeFolder(folder)
  }
})
