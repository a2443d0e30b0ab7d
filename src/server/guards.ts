import type { RequestHandler } from 'express'
import { sendError } from './api-error.ts'

const LOOPBACK_NAMES = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i

/**
 * On loopback everybody on this machine is trusted, so that a page of the web must not speak for them: a name of its own that
 * resolves to this machine is refused by the Host header, a form or script of another origin by its Origin.
 */
export function guardLoopback(): RequestHandler {
  return (request, response, next) => {
    const host = request.get('host') ?? ''
    if (LOOPBACK_NAMES.test(host)) next()
    else sendError(response, 'Forbidden', `this address is called localhost or 127.0.0.1 and not ${JSON.stringify(host.slice(0, 100))}`)
  }
}

/** What changes something must come from our own page or from a program, which sends no Origin. */
export const guardOrigin: RequestHandler = (request, response, next) => {
  const origin = request.get('origin')
  const isReading = request.method === 'GET' || request.method === 'HEAD'
  if (isReading || origin === undefined || origin.replace(/^https?:\/\//, '') === request.get('host')) next()
  else sendError(response, 'Forbidden', 'requests of other origins change nothing here')
}
