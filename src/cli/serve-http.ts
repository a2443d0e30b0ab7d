import type { ListenAddress } from '../config/listen-address.ts'
import type { Context } from '../context.ts'
import type { Controller } from '../controller/controller.ts'
import type { Report } from '../controller/events.ts'
import { isLoopback, loopbackAuthenticator, refusingAuthenticator } from '../server/authenticate.ts'
import { createApp } from '../server/create-app.ts'
import { createHooksRouter } from '../server/hooks-router.ts'
import { listen } from '../server/listen.ts'
import type { Metrics } from '../server/metrics.ts'
import { createMetrics } from '../server/metrics.ts'
import { allOperations } from '../server/operations/all-operations.ts'
import { userName } from './user-name.ts'

/** Who hears of what the controller does: whoever reads the output, and the metrics. */
export interface Served {
  report: Report
  metrics: Metrics
}

/** So long may a controller that is asked to stop write what has finished; Kubernetes kills after 30 s. */
export const LAST_WRITE_MS = 10_000

/** Metrics beside what is printed. */
export function createServed(print: Report): Served {
  const metrics = createMetrics({ withProcess: true })
  return {
    metrics,
    report: (event) => {
      print(event)
      metrics.report(event)
    },
  }
}

/** The context of `serve --paused`. */
export function pausedAtStart(context: Context): Context {
  return { ...context, pauseAtStart: { by: userName(), reason: 'serve --paused' } }
}

/** Opens the port of a controller: hooks, API, metrics and probes. */
export function listenFor(options: {
  context: Context
  controller: Controller
  served: Served
  listen: ListenAddress
  isReady: () => boolean
  leaderAddress?: () => string | null
}): ReturnType<typeof listen> {
  const { context, controller, served } = options
  const isLocal = isLoopback(options.listen)
  return listen(
    options.listen,
    createApp({
      isReady: options.isReady,
      isLoopback: isLocal,
      authenticator: isLocal ? loopbackAuthenticator : refusingAuthenticator,
      operations: allOperations({ context, controller }),
      hooks: createHooksRouter({ context, controller }),
      ...(options.leaderAddress === undefined ? {} : { leaderAddress: options.leaderAddress }),
      metrics: served.metrics,
      onBug: (error) => {
        served.report({ kind: 'ReconcileFailed', key: 'api request', error })
      },
    }),
  )
}
