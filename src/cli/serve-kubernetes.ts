import { isIPv6 } from 'node:net'
import path from 'node:path'
import type { ListenAddress } from '../config/listen-address.ts'
import { parseListenAddress } from '../config/listen-address.ts'
import { createController } from '../controller/controller.ts'
import type { Report } from '../controller/events.ts'
import { createKubernetesContext } from '../create-kubernetes-context.ts'
import { startHeartbeat } from '../heartbeat.ts'
import type { Served } from './serve-http.ts'
import { LAST_WRITE_MS, listenFor, pausedAtStart } from './serve-http.ts'
import type { Shell } from './shell.ts'
import { UsageError } from './shell.ts'

/** Options of `fusee serve` that count with a cluster. */
export interface ServeKubernetesOptions {
  repo?: string
  repository?: string
  secrets?: string
  namespace?: string
  data?: string
  listen?: string
  paused?: boolean
}

/** `fusee serve --runner kubernetes`: stands by until the lease is its own, then follows the cluster's Repositories. Throws when the lease is lost. */
export async function serveKubernetes(shell: Shell, options: ServeKubernetesOptions, served: Served, say: (line: string) => void): Promise<void> {
  for (const name of ['repo', 'repository', 'secrets'] as const) {
    if (options[name] === undefined) continue
    throw new UsageError(
      `--${name} is for the local runner: with --runner kubernetes, Repositories and Secrets are objects of the cluster (kubectl apply -f)`,
    )
  }
  const listen = readListen(options.listen)
  const dataFolder = options.data === undefined ? null : path.resolve(shell.workingDirectory, options.data)
  const stop = shell.stopSignal()
  const cluster = await createKubernetesContext({ namespace: options.namespace ?? null, dataFolder }, shell.env, served.report, stop).catch(
    (error: unknown) => {
      if (stop.aborted) return null
      throw error
    },
  )
  if (cluster === null) return say('stopping: nothing was begun')
  try {
    const controller = createController(options.paused === true ? pausedAtStart(cluster.context) : cluster.context)
    let isLeader = false
    let lastWriteMs = 0
    let stopHeartbeat = (): Promise<void> => Promise.resolve()
    // One that stands by is ready for that: else a Deployment of two would never be.
    const isReady = (): boolean => !isLeader || controller.isReady()
    const leaderAddress = (): string | null => cluster.lease.holderAddress()
    const server = await listenFor({ context: cluster.context, controller, served, listen, isReady, leaderAddress })
    const podIp = shell.env['POD_IP']
    if (podIp !== undefined) cluster.lease.announce(`http://${isIPv6(podIp) ? `[${podIp}]` : podIp}:${new URL(server.url).port}`)
    try {
      say(
        `watching ${cluster.namespace === null ? 'all namespaces' : `namespace ${cluster.namespace}`} of ${cluster.server}, listening on ${server.url}`,
      )
      const stopped = new Promise<'stopped'>((resolve) => {
        if (stop.aborted) resolve('stopped')
        stop.addEventListener('abort', () => {
          resolve('stopped')
        })
      })
      const end = await Promise.race([stopped, cluster.lease.acquired.then(() => 'acquired' as const)])
      if (end === 'acquired') {
        isLeader = true
        say('this controller is the leader')
        controller.start()
        cluster.start()
        stopHeartbeat = startHeartbeat(controller)
        const lost = await Promise.race([stopped, cluster.lease.lost])
        if (lost !== 'stopped') giveUp(served.report, lost)
        lastWriteMs = LAST_WRITE_MS
      }
      say('stopping: what is being written is finished; a step that runs goes on by itself')
    } finally {
      // However it ends: a process that listens or waits for anything would stay, and stand in its successor's way.
      await stopHeartbeat()
      await controller.drain(lastWriteMs)
      await server.close()
    }
  } finally {
    await cluster.close()
  }

  /** Whoever is not the leader any more has nothing to finish: what it knows is old. */
  function giveUp(report: Report, why: string): never {
    report({ kind: 'RunnerProblem', message: 'this controller is not the leader any more', about: { why } })
    throw new Error(`not the leader any more: ${why}`)
  }
}

function readListen(text: string | undefined): ListenAddress {
  try {
    return parseListenAddress(text ?? '127.0.0.1:8080')
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error })
  }
}
