import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { expandReferences } from '../../../../src/cluster/local/expand.ts'
import type { ContainerLaunch } from '../../../../src/cluster/local/launch.ts'
import { LaunchError, resolveLaunches } from '../../../../src/cluster/local/launch.ts'
import { openSecretsFolder } from '../../../../src/cluster/local/secrets-folder.ts'
import type { Container } from '../../../../src/definitions/container.ts'
import { makeFolder } from '../../../support/local-cluster.ts'

describe('references', () => {
  const values = new Map([
    ['A', 'one'],
    ['B', '$(A)'],
  ])
  it.each([
    ['$(A)', 'one'],
    ['-$(A)-$(A)-', '-one-one-'],
    ['$(B)', '$(A)'],
    ['$(NONE)', '$(NONE)'],
    ['$$(A)', '$(A)'],
    ['$$$(A)', '$one'],
    ['$A ${A} $', '$A ${A} $'],
    ['$(A', '$(A'],
    ['echo $$', 'echo $'],
    ['$(date +%s)', '$(date +%s)'],
    ['$(echo $(A))', '$(echo $(A))'],
  ])('in %j become %j', (text, want) => {
    expect(expandReferences(text, (name) => values.get(name))).toBe(want)
  })
})

describe('a container to be started', () => {
  let home: Awaited<ReturnType<typeof makeFolder>>

  beforeEach(async () => {
    home = await makeFolder()
    mkdirSync(join(home.path, 'db'))
    writeFileSync(join(home.path, 'db', 'password'), 'hunter2\n')
    writeFileSync(join(home.path, 'db', 'user'), 'mia')
    writeFileSync(join(home.path, 'outside'), 'no')
  })

  afterEach(() => home.remove())

  async function launch(container: Container, secretsFolder: string | null = home.path): Promise<ContainerLaunch> {
    const [first] = await resolveLaunches(
      { containers: [{ command: ['run'], ...container }] },
      {
        metadata: { name: 'pod-1', namespace: 'default', uid: 'u-1', labels: { 'a/b': 'x' }, annotations: { c: 'y' } },
        secrets: openSecretsFolder(secretsFolder),
        volumeFolder: (volume) => `/real/${volume}`,
        isFixed: () => false,
        messageFile: (index) => `/pod/messages/${index}`,
        workFolder: (name) => `/pod/${name}`,
        canMount: () => false,
      },
    )
    if (first === undefined) throw new Error('there is no container')
    return first
  }

  const envOf = async (container: Container): Promise<Record<string, string>> =>
    Object.fromEntries((await launch(container)).env.map(({ name, value }) => [name, value]))

  it('has the words of command and args, with references to its variables', async () => {
    const { argv } = await launch({
      command: ['a', '$(X)'],
      args: ['$(Y) $(HOME)'],
      env: [
        { name: 'X', value: '1' },
        { name: 'Y', value: '2' },
      ],
    })
    expect(argv).toEqual(['a', '1', '2 $(HOME)'])
  })

  it('has variables that see those above them', async () => {
    const env = await envOf({
      env: [{ name: 'A', value: '$(B)' }, { name: 'B', value: '1' }, { name: 'C', value: '$(B)2' }, { name: 'D' }, { name: 'B', value: '3' }],
    })
    expect(env).toEqual({ A: '$(B)', B: '3', C: '12', D: '' })
  })

  it('has variables from its own fields', async () => {
    const paths = [
      'metadata.name',
      'metadata.namespace',
      'metadata.uid',
      "metadata.labels['a/b']",
      "metadata.annotations['c']",
      "metadata.labels['none']",
    ]
    const env = await envOf({ env: paths.map((fieldPath, index) => ({ name: `V${index}`, valueFrom: { fieldRef: { fieldPath } } })) })
    expect(Object.values(env)).toEqual(['pod-1', 'default', 'u-1', 'x', 'y', ''])
  })

  it('has variables from secrets, without the line break at the end of a file', async () => {
    const env = await envOf({
      envFrom: [{ prefix: 'DB_', secretRef: { name: 'db' } }, { configMapRef: { name: 'none', optional: true } }],
      env: [
        { name: 'P', valueFrom: { secretKeyRef: { name: 'db', key: 'password' } } },
        { name: 'Q', valueFrom: { configMapKeyRef: { name: 'db', key: 'none', optional: true } } },
      ],
    })
    expect(env).toEqual({ DB_password: 'hunter2', DB_user: 'mia', P: 'hunter2' })
  })

  it.each([
    ['a secret that is not there', { env: [{ name: 'P', valueFrom: { secretKeyRef: { name: 'none', key: 'a' } } }] }, 'none/a'],
    ['a key that is not there', { env: [{ name: 'P', valueFrom: { secretKeyRef: { name: 'db', key: 'a' } } }] }, 'db/a'],
    ['a key outside of its folder', { env: [{ name: 'P', valueFrom: { secretKeyRef: { name: 'db', key: '../outside' } } }] }, 'db/../outside'],
    ['a secret outside of the folder', { envFrom: [{ secretRef: { name: '..' } }] }, '.. is not found'],
    ['a NUL', { args: ['a\0b'] }, 'NUL'],
  ])('is refused for %s', async (_what, container, want) => {
    const refusal = await launch(container).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(LaunchError)
    expect(refusal).toMatchObject({ reason: 'CreateContainerConfigError' })
    expect((refusal as Error).message).toContain(want)
  })

  it('is told where secrets would be looked for when there are none', async () => {
    const container = { env: [{ name: 'P', valueFrom: { secretKeyRef: { name: 'db', key: 'password' } } }] }
    await expect(launch(container, null)).rejects.toThrow('--secrets, which is not given')
  })

  const mounts = {
    volumeMounts: [
      { name: 'v', mountPath: '/data' },
      { name: 'w', mountPath: '/data/inner', subPath: 'sub' },
    ],
  }

  it('finds its mounts by FUSEE_ variables', async () => {
    const env = [
      { name: 'FUSEE_DATA', value: '/data' },
      { name: 'FUSEE_OUT', value: '/data/out/x' },
      { name: 'FUSEE_INNER', value: '/data/inner/' },
      { name: 'FUSEE_OTHER', value: '/database' },
      { name: 'PLAIN', value: '/data' },
      { name: 'LATER', value: '$(FUSEE_DATA)/y' },
    ]
    const { env: resolved, argv } = await launch({ ...mounts, env, args: ['$(FUSEE_OUT)'] })
    expect(resolved.map(({ value }) => value)).toEqual(['/real/v', '/real/v/out/x', '/real/w/sub', '/database', '/data', '/real/v/y'])
    expect(argv).toEqual(['run', '/real/v/out/x'])
  })

  it.each([
    [undefined, '/pod/step'],
    ['/data', '/real/v'],
    ['/data/inner/deep', '/real/w/sub/deep'],
    ['/srv', '/srv'],
    ['below', '/pod/step/below'],
  ])('starts in %j, which is %j', async (workingDir, want) => {
    const container = { name: 'step', ...mounts, ...(workingDir === undefined ? {} : { workingDir }) }
    expect((await launch(container)).workingDir).toBe(want)
  })
})
