import { request as requestOf } from 'node:http'
import { pipeline } from 'node:stream'
import type { RequestHandler } from 'express'
import { sendError } from './api-error.ts'

/** Of a request that was passed on once: it goes no further. */
const FORWARDED = 'fusee-forwarded'
/** For the other's whole silence. */
const LONGEST_WAIT_MS = 10_000

/** Passes requests on, as they are, to the server that `address` names; while it names none, or when they come from another one like this, they are for us. */
export function forwardTo(address: () => string | null): RequestHandler {
  return (request, response, next) => {
    const other = address()
    if (other === null || request.headers[FORWARDED] !== undefined) {
      next()
      return
    }
    const { hostname, port } = new URL(other)
    const onward = requestOf({
      hostname: hostname.replace(/^\[|\]$/g, ''),
      port,
      method: request.method,
      // Not resolved against the address: a path may look like another host.
      path: request.originalUrl,
      headers: { ...request.headers, [FORWARDED]: '1' },
      timeout: LONGEST_WAIT_MS,
    })
    onward.on('timeout', () => onward.destroy(new Error('no answer')))
    onward.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      pipeline(answer, response, () => undefined)
    })
    // Also what happens after all of the request was sent, while the answer is waited for.
    onward.on('error', () => {
      if (response.headersSent) response.destroy()
      else sendError(response, 'Unavailable', 'the controller that is the leader cannot be reached: send it again in a few seconds')
    })
    response.on('close', () => onward.destroy())
    pipeline(request, onward, () => undefined)
  }
}
