import type { AddressInfo, Socket } from 'node:net'
import { connect, createServer } from 'node:net'

/** What goes wrong with connections; all off at the start, to be changed at any time. */
export interface ProxyFaults {
  /** Ends a connection at once. */
  refuse: boolean
  /** Takes connections and bytes, and lets nothing through. */
  silent: boolean
  /** Cuts a connection after that many bytes of what the server sends, counted from the moment at which it is set. */
  cutAfterBytes: number | null
}

/** Stands between a client and a real server on loopback, and spoils their connections below whatever they speak. */
export interface FaultProxy {
  port: number
  faults: ProxyFaults
  /** Connections made so far. */
  readonly connections: number
  /** Bytes that came from the server so far. */
  readonly received: number
  /** Cuts all connections that are open now. */
  cut(): void
  close(): Promise<void>
}

/** Starts one in front of a port of this machine. */
export async function startFaultProxy(target: number): Promise<FaultProxy> {
  const faults: ProxyFaults = { refuse: false, silent: false, cutAfterBytes: null }
  const open = new Set<Socket>()
  const counts = { connections: 0, received: 0 }
  const server = createServer((client) => {
    counts.connections++
    if (faults.refuse) return void client.destroy()
    const upstream = connect(target, '127.0.0.1')
    for (const socket of [client, upstream]) {
      open.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        open.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    client.on('data', (bytes) => {
      if (!faults.silent) upstream.write(bytes)
    })
    upstream.on('data', (bytes: Buffer) => {
      counts.received += bytes.length
      if (faults.silent) return
      if (faults.cutAfterBytes === null) return void client.write(bytes)
      const part = bytes.subarray(0, faults.cutAfterBytes)
      faults.cutAfterBytes -= part.length
      client.write(part, () => {
        if (faults.cutAfterBytes === 0) client.destroy()
      })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    faults,
    get connections() {
      return counts.connections
    },
    get received() {
      return counts.received
    },
    cut() {
      for (const socket of open) socket.destroy()
    },
    async close() {
      for (const socket of open) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
