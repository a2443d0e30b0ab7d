import type { PodBehaviour } from './fake-api/node-agent.ts'

/** Pods that do what their command says, as far as the suites of contracts use commands: `true`, `false`, `sleep SECONDS`, and shells that only echo. */
export const scriptedPods: PodBehaviour = (_pod, { command = [] }) => {
  const plain = { runMs: 3, exitCode: 0, log: '', termMs: 0 }
  if (command[0] === 'false') return { ...plain, exitCode: 1 }
  if (command[0] === 'sleep') return { ...plain, runMs: Number(command[1]) * 1000 }
  if (command[0] === 'sh')
    return {
      ...plain,
      log: (command.at(-1) ?? '')
        .split(';')
        .map((part) => `${part.trim().replace(/^echo /, '')}\n`)
        .join(''),
    }
  return plain
}
