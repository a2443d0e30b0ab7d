import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { printManifests } from '../../src/install/install-objects.ts'
import { resourceDefinitions } from '../../src/install/resource-definitions.ts'

/** Vitest's global set-up of the tests that need a cluster: it gets our kinds, and loses what earlier tests have left. */
export function setup(): void {
  installKinds()
  removeLeftovers()
}

/** The cluster of `KUBECONFIG` gets our kinds, as the sources say them now. */
export function installKinds(): void {
  const kubeconfig = process.env['KUBECONFIG'] ?? ''
  if (kubeconfig === '') throw new Error('these tests need a cluster that may be changed at will: set KUBECONFIG to the kubeconfig of one')
  if (!existsSync(kubeconfig)) throw new Error(`these tests need a cluster: KUBECONFIG names ${kubeconfig}, which is not there`)
  const definitions = resourceDefinitions()
  execFileSync('kubectl', ['apply', '--server-side', '--force-conflicts', '-f', '-'], {
    input: printManifests(definitions),
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  const names = definitions.map(({ metadata }) => `crd/${metadata.name}`)
  execFileSync('kubectl', ['wait', '--for=condition=Established', '--timeout=30s', ...names], { stdio: ['ignore', 'ignore', 'inherit'] })
}

/** Namespaces that tests before these have left, when they were ended: their Runs would count as active. */
function removeLeftovers(): void {
  const kubectl = (...words: string[]): string[] =>
    execFileSync('kubectl', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
      .split('\n')
      .filter((line) => line !== '')
  const namespaces = kubectl('get', 'namespaces', '--selector=fusee-test=true', '--output=jsonpath={range .items[*]}{.metadata.name}{"\\n"}{end}')
  for (const namespace of namespaces)
    for (const object of kubectl('get', 'runs.fusee.dev,jobs', `--namespace=${namespace}`, '--output=name')) {
      try {
        kubectl('patch', object, `--namespace=${namespace}`, '--type=merge', '--patch={"metadata":{"finalizers":null}}')
      } catch {
        // It went by itself meanwhile; if not, the namespace stays and says so.
      }
    }
  if (namespaces.length > 0) kubectl('delete', 'namespaces', '--selector=fusee-test=true', '--timeout=60s')
}
