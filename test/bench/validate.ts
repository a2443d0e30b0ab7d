/**
 * `npm run bench:validate [FILES]`: the real `fusee validate` on a folder of so many workflows (default 10,000), each with a schedule, params,
 * expressions and five steps: wall clock and CPU of one call; then under `--watch`, how long after one file was written the new verdict on all
 * is there.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import path from 'node:path'
import { buildBundle, BUNDLE } from '../../scripts/bundle.ts'
import { SETTLE_MS } from '../../src/cli/watch-folder.ts'
import { removeFolder } from '../support/remove-folder.ts'

const FILES = Number(process.argv[2] ?? '10000')
const CHANGES = 30
const FOLDERS = 100

function fileOf(index: number, image = 'busybox:1.36'): string {
  return `apiVersion: fusee.dev/v1alpha1
kind: Workflow
metadata:
  name: report-${index}
  labels: {team: data}
spec:
  description: Load site ${index}, measure it, publish the report.
  params:
    site: {type: string, default: www.example.org, pattern: "^[a-z0-9.-]+$"}
  triggers:
    push: {paths: ["reports/${index}/**"]}
    schedule:
      - {cron: "${index % 60} 3 * * *", timeZone: Europe/Helsinki, params: {site: www.example.fi}}
  timeout: 2h
  defaults:
    image: ${image}
    resources: {requests: {cpu: 100m, memory: 64Mi}}
  steps:
    - name: load
      script: echo "$FUSEE_PARAM_SITE"
      retries: 2
      timeout: 5m
    - name: measure
      dependsOn: [load]
      results: {kilobytes: integer}
      script: echo "kilobytes=12" >> "$FUSEE_RESULTS"
    - name: alarm
      dependsOn: [{step: measure, when: Failed}]
      script: echo "measuring failed"
    - name: publish
      dependsOn: [measure]
      if: steps.measure.results.kilobytes > 0
      env: [{name: SITE, value: "\${{ params.site }}"}]
      script: echo publish
  finally:
    - name: notify
      env: [{name: RESULT, value: "\${{ run.result }}"}]
      script: echo "run ended as $RESULT"
`
}

function placeOf(root: string, index: number): string {
  return path.join(root, 'workflows', `team-${index % FOLDERS}`, `report-${index}.yaml`)
}

/** One call as a person makes it. Bash knows what CPU its children took. */
function validateOnce(root: string): string {
  const start = performance.now()
  const command = `TIMEFORMAT='%U s of CPU in the program, %S s in the system'; time ${process.execPath} ${BUNDLE} validate ${root} > ${root}/verdict`
  const { stderr, status } = spawnSync('bash', ['-c', command], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`validate ended with ${String(status)}: ${stderr}`)
  return `validate of ${FILES} files: ${(performance.now() - start).toFixed(0)} ms; ${stderr.trim()}`
}

/** Milliseconds from a change to the verdict, for each of some changes. */
async function watchChanges(root: string): Promise<number[]> {
  const child = spawn(process.execPath, [BUNDLE, 'validate', root, '--watch'], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const verdicts = readVerdicts(child.stdout)
    await verdicts.next()
    const took: number[] = []
    for (let index = 0; index < CHANGES; index++) {
      const start = performance.now()
      await writeFile(placeOf(root, index), fileOf(index, 'busybox:1.37'))
      await verdicts.next()
      took.push(performance.now() - start)
    }
    return took.sort((one, other) => one - other)
  } finally {
    child.kill()
    await once(child, 'exit')
  }
}

/** Each verdict ends with a line of totals. */
async function* readVerdicts(output: AsyncIterable<Buffer>): AsyncGenerator<undefined, undefined> {
  for await (const part of output) if (part.toString().includes('workflows: ')) yield
  throw new Error('validate --watch has ended')
}

await buildBundle()
const root = await mkdtemp(path.join(tmpdir(), 'fusee-validate-'))
try {
  for (let index = 0; index < FILES; index++) {
    await mkdir(path.dirname(placeOf(root, index)), { recursive: true })
    await writeFile(placeOf(root, index), fileOf(index))
  }
  process.stdout.write(`${validateOnce(root)}\n`)
  const took = await watchChanges(root)
  const at = (part: number): string => `${(took[Math.floor(part * (took.length - 1))] ?? 0).toFixed(0)} ms`
  process.stdout.write(`one changed file under --watch: median ${at(0.5)}, slowest ${at(1)} (${SETTLE_MS} ms of it are the wait for more changes)\n`)
  process.stdout.write(`cores: ${availableParallelism()}; load at the end: ${loadavg()[0]?.toFixed(1) ?? ''}\n`)
} finally {
  await removeFolder(root)
}
