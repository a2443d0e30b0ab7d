import { createSeededRandom, type SeededRandom } from '../../src/simulation/seeded-random.ts'

/** Folders that the files lie in. */
export const FOLDERS = 100

/** A workflow with a schedule, params, expressions and five steps. All are alike but for their names, paths and times. */
export function alikeFile(index: number): string {
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
    image: busybox:1.36
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

const VERBS = 'load clean join rank train score export mirror archive index check render'.split(' ')
const THINGS = 'orders invoices clicks sessions refunds stock prices shipments customers tickets payments ratings'.split(' ')
const ZONES = ['Europe/Helsinki', 'America/New_York', 'Asia/Tokyo', 'Etc/UTC', 'Australia/Sydney']

/**
 * A workflow as different teams write theirs: names, images, commands, variables, conditions, amounts and the graph are its own, so that no step is that of another
 * file. Equal numbers give equal files.
 */
export function ownFile(index: number): string {
  const random = createSeededRandom(`file ${index}`)
  const thing = random.pick(THINGS)
  const key = `${thing.slice(0, -1)}${random.integer(1, 999)}`
  const verbs = random.shuffle(VERBS).slice(0, random.integer(3, 4))
  const names = verbs.map((verb) => `${verb}-${thing}`)
  return `# What happens to ${thing} of shop ${index}.
apiVersion: fusee.dev/v1alpha1
kind: Workflow
metadata:
  name: ${thing}-${index}
  labels: {team: team-${index % FOLDERS}, tier: "${random.integer(1, 3)}"}
spec:
  description: The ${thing} of shop ${index}, ${verbs.join(', ')}.
  params:
    ${key}: {type: string, default: shop-${index}.example.org, pattern: "^[a-z0-9.-]{1,${random.integer(40, 90)}}$"}
    limit: {type: integer, default: ${random.integer(1, 5000)}}
  triggers:
    push: {paths: ["teams/${index % FOLDERS}/${thing}/**", "!teams/**/*.md"]}
    schedule:
      - {cron: "${random.integer(0, 59)} ${random.integer(0, 23)} * * ${random.integer(1, 6)}", timeZone: ${random.pick(ZONES)}, params: {limit: ${random.integer(1, 99)}}}
  timeout: ${random.integer(30, 300)}m
  defaults:
    image: registry.example.com/team-${index % FOLDERS}/${thing}:${random.integer(1, 9)}.${random.integer(0, 40)}.${random.integer(0, 9)}
    resources: {requests: {cpu: ${random.integer(50, 900)}m, memory: ${random.integer(32, 900)}Mi}}
  steps:
${names.map((name, at) => ownStep(random, name, names.slice(0, at), `${key} }} of ${index}`)).join('')}  finally:
    - name: tell-${thing}
      env: [{name: RESULT, value: "\${{ run.result }} of ${thing} ${index}"}]
      script: echo "${thing} of shop ${index} ended as $RESULT"
`
}

function ownStep(random: SeededRandom, name: string, before: readonly string[], value: string): string {
  const last = before.at(-1)
  const amount = random.integer(1, 100_000)
  const lines = [
    `- name: ${name}`,
    ...(last === undefined ? [] : [`  dependsOn: [${last}]`]),
    ...(last !== undefined && random.chance(0.3) ? [`  if: steps["${last}"].results.rows > ${amount}`] : []),
    '  results: {rows: integer}',
    ...random.pick<readonly string[]>([
      ['  script: |', `    ${name} --at-most ${amount}`, `    echo "rows=${amount}" >> "$FUSEE_RESULTS"`],
      [`  command: [/tools/${name}]`, `  args: ["\${{ params.${value}", --at-most, "${amount}"]`, `  retries: ${random.integer(1, 5)}`],
      [
        `  image: registry.example.com/tools/${name}:${random.integer(1, 9)}.${random.integer(0, 99)}`,
        `  env: [{name: SOURCE, value: "\${{ params.${value}"}]`,
        `  timeout: ${random.integer(5, 90)}m`,
      ],
    ]),
  ]
  return lines.map((line) => `    ${line}\n`).join('')
}
