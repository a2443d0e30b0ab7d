import { execFile } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { BUNDLE } from '../../scripts/bundle.ts'
import { createFollowed, pushWorkflow } from '../support/followed.ts'
import { until } from '../support/fusee-process.ts'

interface Ended {
  code: number
  stdout: string
  stderr: string
}

function runFusee(...words: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [BUNDLE, ...words], (_error, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, stdout, stderr })
    })
  })
}

describe('the bundle', () => {
  it('tells its version', async () => {
    expect(await runFusee('--version')).toEqual({ code: 0, stdout: `${manifest.version}\n`, stderr: '' })
  })

  it('helps whoever says nothing', async () => {
    const { code, stdout, stderr } = await runFusee()
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain('Usage: fusee')
  })

  it('ends with 2 and one line on stderr when it is used wrongly', async () => {
    const { code, stdout, stderr } = await runFusee('--no-such-option')
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^fusee: unknown option '--no-such-option'[^\n]*\n$/)
  })

  const refused: { title: string; words: string[]; want: string }[] = [
    { title: 'nothing to follow', words: [], want: 'nothing to follow: say --repo DIR|URL or --repository FILE' },
    { title: 'a document that is not there', words: ['--repository', 'nowhere.yaml'], want: 'cannot read nowhere.yaml: there is no such file' },
    { title: 'a folder for a document', words: ['--repository', 'schemas'], want: 'cannot read schemas: it is a folder; name the file in it' },
    {
      title: 'an address that is none',
      words: ['--repo', '.', '--listen', 'nonsense'],
      want: '"nonsense" is no address: write HOST:PORT, as in 127.0.0.1:8080',
    },
  ]
  it.each(refused)('refuses to serve $title', async ({ words, want }) => {
    expect(await runFusee('serve', ...words)).toEqual({ code: 2, stdout: '', stderr: `fusee: ${want}\n` })
  })

  it('serves an API that takes what is sent to it, and says what is wrong with it', async () => {
    const followed = await createFollowed({ files: pushWorkflow('hello') })
    try {
      const serving = followed.serve('--output', 'text')
      const url = (): string => /listening on (\S+)/.exec(serving.stdout())?.[1] ?? ''
      await until('it listens', () => url() !== '', serving.stderr)
      await until('it is ready', async () => (await fetch(`${url()}/readyz`)).ok, serving.stdout)
      const ask = (body: unknown): Promise<Response> =>
        fetch(`${url()}/api/v1/repositories/default/jobs/trigger`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        })
      expect(await (await ask({ workflow: 'hello', key: 'k' })).json()).toMatchObject({ created: true })
      expect(await (await ask({ workflow: 'hello', kye: 'k' })).json()).toMatchObject({ error: { message: 'the body has no field kye' } })
    } finally {
      await followed.close()
    }
  })
})
