import type { Express, RequestHandler } from 'express'
import express from 'express'
import { ipKeyGenerator, rateLimit } from 'express-rate-limit'
import helmet from 'helmet'
import { createErrorHandler, notFound, sendError } from './api-error.ts'
import { createApiRouter } from './api-router.ts'
import type { Authenticator } from './authenticate.ts'
import { forwardTo } from './forward.ts'
import { guardLoopback, guardOrigin } from './guards.ts'
import type { Operation } from './operation.ts'

/** What the server shows. */
export interface AppOptions {
  /** 200 of `/readyz`: each Repository's first look has ended or failed. */
  isReady: () => boolean
  /** Whether nobody but this machine reaches the address. */
  isLoopback: boolean
  authenticator: Authenticator
  operations: readonly Operation[]
  /** The page of `/metrics`, and its content type. */
  metrics: { contentType: string; read(): Promise<string> }
  /** Mounted at `/hooks`. */
  hooks: RequestHandler
  /** Where another controller listens that hooks are for, while this one stands by for it; null, or absent, when they are for this one. */
  leaderAddress?: () => string | null
  /** Hears of bugs; the client hears only that there was one. */
  onBug: (error: unknown) => void
}

/** Requests of one address to the API in a minute: a page that is open asks often, a loop gone wild oftener. */
const MOST_API_REQUESTS = 3000

/** Hooks of one address in a minute: a forge sends those of all its repositories from few. */
const MOST_HOOKS = 1200

/** The routes of `fusee serve`. */
export function createApp(options: AppOptions): Express {
  const app = express()
  app.disable('x-powered-by')
  app.set('query parser', 'simple')
  app.use(helmet())
  app.get('/healthz', (_request, response) => {
    response.type('text/plain').send('ok\n')
  })
  app.get('/readyz', (_request, response) => {
    const ready = options.isReady()
    response
      .status(ready ? 200 : 503)
      .type('text/plain')
      .send(ready ? 'ok\n' : 'the first look at a repository, or at the names of its records, has not ended\n')
  })
  app.get('/metrics', async (_request, response) => {
    const text = await options.metrics.read()
    response.set('Content-Type', options.metrics.contentType).send(text)
  })
  app.use('/hooks', limitRate(MOST_HOOKS), forwardTo(options.leaderAddress ?? (() => null)), options.hooks)
  app.use('/api/v1', ...(options.isLoopback ? [guardLoopback()] : []), guardOrigin, limitRate(MOST_API_REQUESTS))
  app.use('/api/v1', createApiRouter(options))
  app.use(notFound)
  app.use(createErrorHandler(options.onBug))
  return app
}

/** At most so many requests a minute of one address. */
function limitRate(mostAMinute: number): RequestHandler {
  return rateLimit({
    windowMs: 60_000,
    limit: mostAMinute,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    keyGenerator: (request) => ipKeyGenerator(request.ip ?? ''),
    handler: (_request, response) => {
      sendError(response, 'TooManyRequests', `more than ${mostAMinute} requests a minute: wait as long as Retry-After says`)
    },
  })
}
