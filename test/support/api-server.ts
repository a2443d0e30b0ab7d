import type { Authenticator } from '../../src/server/authenticate.ts'
import { loopbackAuthenticator } from '../../src/server/authenticate.ts'
import { createApp } from '../../src/server/create-app.ts'
import { createHooksRouter } from '../../src/server/hooks-router.ts'
import type { Server } from '../../src/server/listen.ts'
import { listen } from '../../src/server/listen.ts'
import { createMetrics } from '../../src/server/metrics.ts'
import { allOperations } from '../../src/server/operations/all-operations.ts'
import type { VirtualWorld } from './virtual-world.ts'

/** The server of `fusee serve` over a world; bugs are collected instead of logged. */
export async function serveWorld(world: VirtualWorld, authenticator: Authenticator = loopbackAuthenticator): Promise<Server & { bugs: unknown[] }> {
  const bugs: unknown[] = []
  const app = createApp({
    isReady: world.controller.isReady,
    isLoopback: authenticator === loopbackAuthenticator,
    authenticator,
    operations: allOperations(world),
    hooks: createHooksRouter(world),
    metrics: createMetrics({ withProcess: false }),
    onBug: (error) => void bugs.push(error),
  })
  return { ...(await listen({ host: '127.0.0.1', port: 0 }, app)), bugs }
}
