import { createSimulatedCluster } from '../../src/cluster/simulated/cluster.ts'
import type { PodScript, PodScripts } from '../../src/cluster/simulated/pod-script.ts'
import type { Container } from '../../src/definitions/container.ts'
import { createSystemClock, createSystemRandom } from '../../src/system-clock.ts'
import { testJobCluster } from './job-cluster.ts'

/** Nothing runs here: the command says what would happen. */
const words = (...command: string[]): Container => ({ command })

const SECRET = { name: 'db', value: 'correct horse battery' }

const LASTING = { runMs: 3_600_000, termMs: 0 }

/** Reads back what the containers below were told to do. */
const scripts: PodScripts = ({ spec }, attempt): PodScript => {
  const { containers, initContainers = [] } = spec.template.spec
  const ends = [...initContainers, ...containers].map(({ name = '', command }) => [name, Number(command?.[1] ?? 0)] as const)
  const [kind, , output = ''] = containers[0]?.command ?? []
  const ending: PodScript = { startMs: 0, runMs: 1, exitCode: 0, exitCodes: Object.fromEntries(ends), log: output, termMs: 0, lostAfterMs: null }
  if (kind === 'last') return { ...ending, ...LASTING }
  if (kind === 'resist') return { ...ending, ...LASTING, termMs: LASTING.runMs }
  if (kind === 'fail-once') return { ...ending, exitCodes: {}, exitCode: attempt === 0 ? 1 : 0, log: attempt === 0 ? 'first try\n' : 'second try\n' }
  return kind === 'leave' ? { ...ending, message: output } : ending
}

testJobCluster('the simulated cluster', async () => {
  const timing = { podCreationMs: 1, statusMs: 2, retryMs: 1 }
  const { jobs } = createSimulatedCluster({
    clock: createSystemClock(),
    random: createSystemRandom(),
    scripts,
    timing,
    secrets: { [SECRET.name]: [SECRET.value] },
  })
  return {
    jobs,
    namespace: 'data',
    ending: (exitCode, output = '') => words('end', String(exitCode), output),
    lasting: () => words('last'),
    stubborn: () => words('resist'),
    failingOnce: () => words('fail-once'),
    leaving: (exitCode, text) => words('leave', String(exitCode), text),
    secret: SECRET,
    unsupported: [],
    close: async () => {},
  }
})
