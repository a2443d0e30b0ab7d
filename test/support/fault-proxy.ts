import type { AddressInfo, Socket } from 'node:net'
import { connect, createServer } from 'node:net'

/** What arrives at once is passed on in at most so many. */
const MOST_PIECES = 50

/** What goes wrong with connections; all off at the start, to be changed at any time. */
export interface ProxyFaults {
  /** Ends a connection at once. */
  refuse: boolean
  /** Takes connections and bytes, and lets nothing through. */
  silent: boolean
  /** Cuts a connection after that many bytes of what the server sends, counted from the moment at which it is set. */
  cutAfterBytes: number | null
  /** Changes one byte of what the server sends, that many bytes after the moment at which it is set. */
  garbleAfterBytes: number | null
  /** Passes what the server sends on in small pieces, each in a turn of its own. */
  trickle: boolean
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
  const faults: ProxyFaults = { refuse: false, silent: false, cutAfterBytes: null, garbleAfterBytes: null, trickle: false }
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
      garble(bytes, faults)
      if (faults.trickle) return trickle(bytes, client)
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

function garble(bytes: Buffer, faults: ProxyFaults): void {
  const at = faults.garbleAfterBytes
  if (at === null) return
  const byte = bytes[at]
  if (byte !== undefined) bytes[at] = byte ^ 1
  faults.garbleAfterBytes = byte === undefined ? at - bytes.length : null
}

function trickle(bytes: Buffer, client: Socket): void {
  const size = Math.ceil(bytes.length / MOST_PIECES)
  for (let start = 0; start < bytes.length; start += size) {
    const piece = bytes.subarray(start, start + size)
    setImmediate(() => client.write(piece))
  }
}
