import type { ServerResponse } from 'node:http'
import { ApiFailure } from './api-failure.ts'
import type { JobControl } from './job-control.ts'
import type { StoredObject } from './resources.ts'

/** Answers with what a pod's container has printed, and goes on with what it prints until it ends when asked to follow. */
export function serveLog(response: ServerResponse, pod: StoredObject, control: JobControl, query: URLSearchParams): void {
  const container = query.get('container') ?? (pod.spec?.['containers'] as { name: string }[] | undefined)?.[0]?.name ?? ''
  const isWaiting = pod.status?.['phase'] === 'Pending'
  if (isWaiting)
    throw new ApiFailure(400, 'BadRequest', `container "${container}" in pod "${pod.metadata.name}" is waiting to start: ContainerCreating`)
  const text = linesOf(control.logOf(pod, container), query)
  response.writeHead(200, { 'content-type': 'text/plain' })
  response.write(text)
  if (query.get('follow') !== 'true') {
    response.end()
    return
  }
  const stop = control.onEnd(pod, () => response.end())
  response.on('close', stop)
}

function linesOf(log: { at: string; text: string }[], query: URLSearchParams): string {
  const since = Date.parse(query.get('sinceTime') ?? '')
  const tail = query.get('tailLines')
  const recent = log.filter(({ at }) => Number.isNaN(since) || Date.parse(at) >= since)
  const wanted = tail === null ? recent : recent.slice(Math.max(0, recent.length - Number(tail)))
  const text = wanted.map(({ at, text: line }) => `${query.get('timestamps') === 'true' ? `${at} ` : ''}${line}\n`).join('')
  const limit = Number(query.get('limitBytes') ?? '0')
  return limit > 0 ? Buffer.from(text).subarray(0, limit).toString() : text
}
