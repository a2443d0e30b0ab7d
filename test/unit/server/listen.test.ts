import { describe, expect, it } from 'vitest'
import { listen, parseListenAddress } from '../../../src/server/listen.ts'

describe('the server', () => {
  it('says that it lives, and that it is ready only once it is', async () => {
    let ready = false
    const server = await listen({ host: '127.0.0.1', port: 0 }, { isReady: () => ready })
    const status = async (path: string): Promise<number> => (await fetch(`${server.url}${path}`)).status
    expect([await status('/healthz'), await status('/readyz'), await status('/nothing')]).toEqual([200, 503, 404])
    ready = true
    expect(await status('/readyz')).toBe(200)
    await server.close()
  })

  it('says what to do when the address is in use', async () => {
    const first = await listen({ host: '127.0.0.1', port: 0 }, { isReady: () => true })
    const port = Number(new URL(first.url).port)
    await expect(listen({ host: '127.0.0.1', port }, { isReady: () => true })).rejects.toThrow(
      `cannot listen on 127.0.0.1:${port}: it is in use; choose another address with --listen`,
    )
    await first.close()
  })
})

describe('an address', () => {
  it.each([
    ['127.0.0.1:8080', { host: '127.0.0.1', port: 8080 }],
    [':9000', { host: '127.0.0.1', port: 9000 }],
    ['[::1]:0', { host: '::1', port: 0 }],
    ['localhost:80', { host: 'localhost', port: 80 }],
  ])('%s', (text, want) => {
    expect(parseListenAddress(text)).toEqual(want)
  })

  it.each(['8080', 'localhost', '127.0.0.1:99999', '::1:80', ''])('%s is none', (text) => {
    expect(() => parseListenAddress(text)).toThrow('is no address')
  })
})
