/** Where to listen. Port 0 takes any free one. */
export interface ListenAddress {
  host: string
  port: number
}

/** Reads `HOST:PORT`, `:PORT` (loopback) or `[IPv6]:PORT`; throws TypeError otherwise. */
export function parseListenAddress(text: string): ListenAddress {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text)
  const port = Number(match?.[3])
  if (match === null || port > 65_535) throw new TypeError(`${JSON.stringify(text)} is no address: write HOST:PORT, as in 127.0.0.1:8080`)
  return { host: match[1] ?? (match[2] === '' || match[2] === undefined ? '127.0.0.1' : match[2]), port }
}
