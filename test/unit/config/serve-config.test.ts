import { describe, expect, it } from 'vitest'
import { resolveServeConfig } from '../../../src/config/serve-config.ts'

const resolve = (repo: string | undefined, over = {}) =>
  resolveServeConfig({
    repo,
    document: null,
    data: undefined,
    listen: undefined,
    secrets: undefined,
    env: { HOME: '/home/ann' },
    workingDirectory: '/home/ann/site',
    ...over,
  })

describe('what serve is to do', () => {
  it('follows a local folder every second, named after it', () => {
    const { settings, url } = resolve('../Data Jobs.git')
    expect(url).toBe('/home/ann/Data Jobs.git')
    expect(settings).toMatchObject({
      ref: { namespace: 'default', name: 'data-jobs' },
      path: 'workflows',
      intervalSeconds: 1,
      historyIntervalSeconds: 10,
    })
  })

  it('takes a file URL for the folder that it is', () => {
    expect(resolve('file:///srv/jobs.git')).toMatchObject({ url: '/srv/jobs.git', settings: { intervalSeconds: 1 } })
  })

  it.each(['https://ann:s3cret@git.example.com/jobs.git', 'https://ann:p@ss@git.example.com/jobs.git'])(
    'shows nothing of the password in %s',
    (url) => {
      expect(resolve(url).settings.url).toBe('https://git.example.com/jobs.git')
    },
  )

  it('keeps its state where it was when a token in the URL changes', () => {
    expect(resolve('https://x:old@git.example.com/jobs.git').dataFolder).toBe(resolve('https://x:new@git.example.com/jobs.git').dataFolder)
  })

  it.each([
    [undefined, {}, 'nothing to follow: say --repo DIR|URL or --repository FILE'],
    ['.', { env: {} }, 'there is no home folder to keep state in: say where with --data DIR'],
    ['.', { listen: '8080' }, '"8080" is no address: write HOST:PORT, as in 127.0.0.1:8080'],
  ])('refuses %s with %o', (repo, over, want) => {
    expect(() => resolve(repo, over)).toThrow(want)
  })
})
