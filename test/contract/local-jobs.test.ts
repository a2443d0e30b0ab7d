import type { Container } from '../../src/definitions/container.ts'
import { mkdir, writeFile } from 'node:fs/promises'
import { makeFolder, openRunner } from '../support/local-cluster.ts'
import { testJobCluster } from './job-cluster.ts'

const SECRET = { name: 'db', value: 'correct horse battery' }

const shell = (script: string): Container => ({ command: ['/bin/sh', '-c', script] })

testJobCluster('local', async () => {
  const { path, remove } = await makeFolder()
  await mkdir(`${path}/secrets/${SECRET.name}`, { recursive: true })
  await writeFile(`${path}/secrets/${SECRET.name}/key`, SECRET.value)
  const runner = await openRunner(`${path}/data`, { secretsFolder: `${path}/secrets` })
  return {
    jobs: runner.jobs,
    namespace: 'default',
    ending: (exitCode, output = '') => ({ command: ['/bin/sh', '-c', 'printf %s "$0"; exit $1', output, String(exitCode)] }),
    lasting: () => shell('sleep 1000'),
    stubborn: () => shell('trap "" TERM; while :; do sleep 0.1; done'),
    failingOnce: () => shell(`if [ -e ${path}/tried ]; then echo second try; else : >${path}/tried; echo first try; exit 1; fi`),
    leaving: (exitCode, text) => ({
      command: ['/bin/sh', '-c', 'printf %s "$0" | tee "$FUSEE_RESULTS"; exit $1', text, String(exitCode)],
      env: [{ name: 'FUSEE_RESULTS', value: '/dev/termination-log' }],
    }),
    secret: SECRET,
    unsupported: [
      { spec: { completionMode: 'Indexed', completions: 2 }, field: 'spec.completionMode' },
      { spec: { suspend: true }, field: 'spec.suspend' },
    ],
    async close() {
      await runner.close()
      await remove()
    },
  }
})
