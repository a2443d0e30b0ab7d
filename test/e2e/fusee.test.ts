import { execFile } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { BUNDLE } from '../../scripts/bundle.ts'

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
})
