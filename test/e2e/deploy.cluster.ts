import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { installObjects, printManifests } from '../../src/install/install-objects.ts'

/* The kustomize folders say the same as `fusee install`, and the API server takes all of it. */

const folder = mkdtempSync(path.join(tmpdir(), 'fusee-deploy-'))
afterAll(() => rmSync(folder, { recursive: true }))

function kubectl(...words: string[]): string {
  return execFileSync('kubectl', words, { encoding: 'utf8', maxBuffer: 1 << 26 })
}

interface Printed {
  kind: string
  metadata: { name: string }
}

/** By kind and name, since kustomize has an order of its own. */
function objectsIn(text: string): Record<string, Printed> {
  const objects = parseAllDocuments(text).map((document) => document.toJS() as Printed)
  return Object.fromEntries(objects.map((object) => [`${object.kind} ${object.metadata.name}`, object]))
}

describe('deploy/', () => {
  it.each([
    { overlay: 'base', scope: 'Cluster', namespace: 'fusee' },
    { overlay: 'one-namespace', scope: 'Namespace', namespace: 'data' },
  ] as const)('$overlay is what fusee install prints', ({ overlay, scope, namespace }) => {
    const printed = printManifests(installObjects({ image: 'fusee', namespace, scope }))
    expect(objectsIn(kubectl('kustomize', `deploy/${overlay}`))).toEqual(objectsIn(printed))
  })

  it.each(['Cluster', 'Namespace'] as const)('is taken by the API server: %s', (scope) => {
    const file = path.join(folder, `${scope}.yaml`)
    // A dry run makes no namespace for what comes after it.
    const objects = installObjects({ image: 'fusee', namespace: 'default', scope }).filter(({ kind }) => kind !== 'Namespace')
    writeFileSync(file, printManifests(objects))
    const answer = kubectl('apply', '--server-side', '--dry-run=server', '--force-conflicts', '-f', file)
    expect(answer.trim().split('\n')).toHaveLength(objects.length)
  })
})
