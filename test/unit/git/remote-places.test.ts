import { describe, expect, it } from 'vitest'
import { proxyFor } from '../../../src/git/proxy.ts'
import { parseSshUrl } from '../../../src/git/ssh-url.ts'

describe('a place that ssh reaches', () => {
  it.each([
    {
      url: 'git@example.com:acme/jobs.git',
      want: { user: 'git', host: 'example.com', port: 22, path: 'acme/jobs.git', where: 'example.com:acme/jobs.git' },
    },
    { url: 'example.com:/srv/jobs', want: { user: null, host: 'example.com', port: 22, path: '/srv/jobs' } },
    { url: 'git@[::1]:jobs', want: { host: '::1', path: 'jobs', where: '[::1]:jobs' } },
    { url: 'ann:secret@host.example:jobs', want: { user: 'ann', where: 'host.example:jobs' } },
    { url: 'ann:secret@host.example/jobs', want: { host: 'ann', where: 'ann:***@host.example/jobs' } },
    { url: 'host.example:jobs@2.git', want: { path: 'jobs@2.git', where: 'host.example:jobs@2.git' } },
    { url: 'ssh://git@example.com:2222/a%20b.git', want: { user: 'git', host: 'example.com', port: 2222, path: '/a b.git' } },
    { url: 'SSH://example.com:80/jobs', want: { user: null, port: 80, path: '/jobs' } },
    { url: 'git+ssh://ann:secret@example.com/~ann/jobs', want: { user: 'ann', path: '~ann/jobs', where: 'ssh://example.com/~ann/jobs' } },
    { url: 'ssh://[::1]:22/jobs', want: { host: '::1', port: 22 } },
  ])('is read from $url', ({ url, want }) => {
    expect(parseSshUrl(url)).toMatchObject(want)
  })

  it.each(['/srv/jobs', './a:b', 'jobs', 'C:\\jobs', 'c:/jobs', 'https://example.com/jobs', 'file:///srv/jobs'])('is not %s', (url) => {
    expect(parseSshUrl(url)).toBeNull()
  })

  it.each([
    'ssh://',
    'ssh://host',
    'ssh://host/',
    'ssh://-oProxyCommand=x/jobs',
    'git@-host:jobs',
    'host.example:',
    '-u@host.example:jobs',
    'host.example:-jobs',
    'host.example:a\nb',
  ])('cannot be %j', (url) => {
    expect(() => parseSshUrl(url)).toThrow(/that cannot be read|dash|control/)
  })
})

describe('the proxy for a URL', () => {
  const proxies = { HTTPS_PROXY: 'http://secure:3128', http_proxy: 'plain:3128', ALL_PROXY: 'http://all' }
  it.each([
    { url: 'https://example.com/r', variables: proxies, want: 'http://secure:3128/' },
    { url: 'http://example.com/r', variables: proxies, want: 'http://plain:3128/' },
    { url: 'http://example.com/r', variables: { all_proxy: 'http://all' }, want: 'http://all/' },
    { url: 'https://example.com/r', variables: {}, want: null },
    { url: 'https://example.com/r', variables: { ...proxies, https_proxy: '', HTTPS_PROXY: '', ALL_PROXY: '' }, want: null },
    ...[
      { no: '*', want: null },
      { no: 'example.com', want: null },
      { no: 'a, .example.com', want: null },
      { no: '*.example.com', want: null },
      { no: 'EXAMPLE.com:443', want: null },
      { no: 'example.com:8443', want: 'http://secure:3128/' },
      { no: 'ample.com', want: 'http://secure:3128/' },
    ].map(({ no, want }) => ({ url: 'https://git.example.com/r', variables: { ...proxies, NO_PROXY: no }, want })),
    ...[
      { host: '10.1.2.3', no: '10.0.0.0/8', want: null },
      { host: '11.1.2.3', no: '10.0.0.0/8,', want: 'http://secure:3128/' },
      { host: '10.1.2.3', no: '10.1.2.3:443', want: null },
      { host: '[fd00::1]', no: 'fd00::/8', want: null },
      { host: '[fd00::1]', no: '[fd00::1]:443', want: null },
      { host: '10.1.2.3', no: '10.0.0.0/99', want: 'http://secure:3128/' },
    ].map(({ host, no, want }) => ({ url: `https://${host}/r`, variables: { ...proxies, NO_PROXY: no }, want })),
  ])('$url with $variables', ({ url, variables, want }) => {
    expect(proxyFor(url, variables)?.href ?? null).toBe(want)
  })

  it.each(['socks5://user:secret@host', 'http://'])('cannot be %s', (proxy) => {
    expect(() => proxyFor('https://example.com', { HTTPS_PROXY: proxy })).toThrow(/^(?!.*secret).*cannot be used: HTTPS_PROXY must be/)
  })
})
