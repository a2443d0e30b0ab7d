const STEP = 'image: "busybox:1.36", script: echo, resources: {requests: {cpu: 10m, memory: 16Mi}}'

const CHAIN = `
  chain: true
  steps:
    - {name: load, ${STEP}}
    - {name: measure, ${STEP}, retries: 2}
    - {name: publish, ${STEP}, undo: {script: echo}}
    - {name: last, ${STEP}}
  finally:
    - {name: notify, ${STEP}}`

const waits = (timeout: string, when = ''): string =>
  `steps: [{name: wait, approval: {by: ["user:anna"], timeout: ${timeout}}}, {name: go, dependsOn: [${when || 'wait'}], ${STEP}}]`

const ONE = `steps: [{name: only, ${STEP}}]`

/** One workflow of each kind that schedules have to do with, as files of `workflows/`. */
export const mixedWorkflows: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries({
    plain: `triggers: {schedule: [{cron: "*/30 * * * *"}]}\n  ${ONE}`,
    chain: `triggers: {schedule: [{cron: "5 */3 * * *", timeZone: Europe/Helsinki}]}${CHAIN}`,
    forbid: `triggers: {schedule: [{cron: "*/20 * * * *"}]}\n  concurrency: {policy: Forbid}\n  ${waits('50m')}`,
    queue: `triggers: {schedule: [{cron: "10 * * * *"}]}\n  timeout: 5h\n  concurrency: {policy: Queue, limit: 2}\n  ${waits('90m', '{step: wait, when: Always}')}`,
    replace: `triggers: {schedule: [{cron: "15 * * * *"}]}\n  concurrency: {policy: Replace}\n  ${waits('3h')}`,
    after: `triggers: {workflow: [{name: chain, result: Succeeded}]}\n  ${ONE}`,
    'after-failed': `triggers: {workflow: [{name: chain, result: Failed}, {name: fan}]}\n  ${ONE}`,
    fan: `triggers: {schedule: [{cron: "0 2 * * *", timeZone: Europe/Berlin, catchUp: All}]}
  expect: {successWithin: 26h, duration: 1m}
  steps:
    - {name: all, forEach: [1, 2, 3, 4, 5], maxParallel: 2, ${STEP}}
    - {name: join, dependsOn: [all]}
    - {name: end, dependsOn: [join], if: "size(params) == 0", ${STEP}}`,
    asleep: `triggers: {schedule: [{cron: "30 2 * * *", suspend: {until: "2026-03-29", reason: the site moves}}]}\n  ${ONE}`,
    late: `triggers: {schedule: [{cron: "7 * * * *", startingDeadline: 10m}]}\n  ${ONE}`,
    none: `triggers: {schedule: [{cron: "*/10 1-3 * * *", timeZone: America/New_York, catchUp: None}]}\n  ${ONE}`,
    timely: `triggers: {schedule: [{cron: "40 */6 * * *"}]}\n  steps: [{name: only, timeout: 20s, pod: {terminationGracePeriodSeconds: 5}, ${STEP}}]`,
  }).map(([name, spec]) => [
    `workflows/${name}.yaml`,
    `apiVersion: fusee.dev/v1alpha1\nkind: Workflow\nmetadata: {name: ${name}}\nspec:\n  ${spec}\n`,
  ]),
)
