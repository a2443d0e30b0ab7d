import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ListenAddress } from '../config/listen-address.ts'

/** A listening server. */
export interface Server {
  /** `http://host:port` as it really is. */
  url: string
  close(): Promise<void>
}

/** Serves the app. Rejects with an Error that says what to do when the address cannot be had. */
export async function listen(address: ListenAddress, app: RequestListener): Promise<Server> {
  const server = createServer(app)
  server.listen(address.port, address.host)
  try {
    await once(server, 'listening')
  } catch (error) {
    throw new Error(`cannot listen on ${address.host}:${address.port}: ${reasonOf(error)}; choose another address with --listen`, { cause: error })
  }
  const { port } = server.address() as AddressInfo
  return {
    url: `http://${address.host.includes(':') ? `[${address.host}]` : address.host}:${port}`,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code
  if (code === 'EADDRINUSE') return 'it is in use'
  if (code === 'EACCES') return 'not allowed'
  if (code === 'EADDRNOTAVAIL') return 'this machine does not have that address'
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'no such host'
  return code ?? String(error)
}
