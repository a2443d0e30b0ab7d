import { describe, expect, it } from 'vitest'
import { listen } from '../../../src/server/listen.ts'

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
