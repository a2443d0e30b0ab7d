import { describe, expect, it } from 'vitest'
import { listen } from '../../../src/server/listen.ts'

describe('the server', () => {
  it('says where it listens, and why it cannot where another one does', async () => {
    const server = await listen({ host: '127.0.0.1', port: 0 }, (_request, response) => response.end('here'))
    expect(await (await fetch(server.url)).text()).toBe('here')
    const port = Number(new URL(server.url).port)
    await expect(listen({ host: '127.0.0.1', port }, () => undefined)).rejects.toThrow(
      `cannot listen on 127.0.0.1:${port}: it is in use; choose another address with --listen`,
    )
    await expect(listen({ host: '192.0.2.1', port: 0 }, () => undefined)).rejects.toThrow('this machine does not have that address')
    await server.close()
  })
})
