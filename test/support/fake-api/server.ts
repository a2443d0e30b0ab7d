import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ApiFailure } from './api-failure.ts'
import { createJobControl, type PodBehaviour } from './job-control.ts'
import { serveLog } from './pod-log.ts'
import { applyPatch } from './patch.ts'
import { parsePath, type Target } from './request-path.ts'
import { apiVersionOf, PODS, type ApiObject, type Key, type StoredObject } from './resources.ts'
import { isSelected, type Selection } from './selectors.ts'
import { createWatches, type Watches } from './serve-watch.ts'
import { createObjectStore, type Deletion, type ObjectStore } from './store.ts'

/**
 * A Kubernetes API server in memory, as far as Fusee uses one: lists by pages, watches with bookmarks, optimistic concurrency, status
 * subresources, finalizers and propagation of deletions, patches, logs; with a Job controller and a node that only pretends.
 * The contract suites hold it to what the real one does.
 */
export interface FakeApi {
  /** `http://127.0.0.1:port`. */
  url: string
  store: ObjectStore
  watches: Watches
  /** Method and path of every request so far. */
  requests: string[]
  close(): Promise<void>
}

const MOST_BODY_BYTES = 3 << 20

/** Starts one. Pods do what `behaviour` says. */
export async function startFakeApi(behaviour: PodBehaviour): Promise<FakeApi> {
  const store = createObjectStore()
  const watches = createWatches(store)
  const control = createJobControl(store, behaviour)
  const requests: string[] = []
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    requests.push(`${request.method ?? ''} ${url.pathname}${url.search}`)
    answer({ store, watches, control }, request, response, url).catch((error: unknown) => {
      const failure = error instanceof ApiFailure ? error : new ApiFailure(500, 'InternalError', String(error))
      if (response.headersSent) response.destroy()
      else send(response, failure.code, failure.toStatus())
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    store,
    watches,
    requests,
    async close() {
      control.close()
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

interface Parts {
  store: ObjectStore
  watches: Watches
  control: ReturnType<typeof createJobControl>
}

async function answer(parts: Parts, request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
  if (['/healthz', '/readyz', '/livez'].includes(url.pathname)) return void response.end('ok')
  if (url.pathname === '/version') return send(response, 200, { major: '1', minor: '35', gitVersion: 'v1.35.0-fake' })
  const target = parsePath(url.pathname)
  if (target === null) throw new ApiFailure(404, 'NotFound', 'the server could not find the requested resource')
  const body = await readBody(request)
  const { store } = parts
  if (target.name === null) {
    if (request.method === 'GET') return list(parts, response, target, url.searchParams)
    if (request.method !== 'POST') throw notAllowed(request)
    const object = parseBody(body) as ApiObject
    const namespace = target.resource.isNamespaced ? (target.namespace ?? '') : ''
    return send(response, 201, store.create(target.resource, namespace, object))
  }
  const key: Key = { resource: target.resource, namespace: target.namespace ?? '', name: target.name }
  if (target.subresource === 'log' && target.resource === PODS) return serveLog(response, store.get(key), parts.control, url.searchParams)
  const part = target.subresource === 'status' ? 'status' : 'main'
  switch (request.method) {
    case 'GET':
      return send(response, 200, store.get(key))
    case 'PUT':
      return send(response, 200, store.update(key, parseBody(body) as ApiObject, part))
    case 'PATCH':
      return send(response, 200, patch(store, key, part, parseBody(body), (request.headers['content-type'] ?? '').split(';')[0] ?? ''))
    case 'DELETE':
      return send(response, 200, remove(store, key, url.searchParams, body))
    default:
      throw notAllowed(request)
  }
}

/** The body of a deletion rules over its query. */
function remove(store: ObjectStore, key: Key, query: URLSearchParams, body: string): StoredObject | Record<string, unknown> {
  const fromQuery: Deletion = {
    ...(query.has('propagationPolicy') && { propagationPolicy: query.get('propagationPolicy') as NonNullable<Deletion['propagationPolicy']> }),
    ...(query.has('gracePeriodSeconds') && { gracePeriodSeconds: Number(query.get('gracePeriodSeconds')) }),
  }
  const deleted = store.delete(key, body === '' ? fromQuery : (parseBody(body) as Deletion))
  const details = { name: key.name, group: key.resource.group, kind: key.resource.plural, uid: deleted.metadata.uid }
  return store.find(key) === null ? { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details } : deleted
}

function patch(store: ObjectStore, key: Key, part: 'main' | 'status', change: unknown, contentType: string): StoredObject {
  const found = store.get(key)
  const given = (change as { metadata?: { resourceVersion?: string } } | null)?.metadata?.resourceVersion
  const { metadata, ...rest } = applyPatch(found, change, contentType) as StoredObject
  if (metadata.uid !== found.metadata.uid) throw new ApiFailure(422, 'Invalid', 'metadata.uid: Invalid value: field is immutable')
  // Only a version that the patch itself names is a condition.
  const { resourceVersion: _, ...others } = metadata
  return store.update(key, { ...rest, metadata: given === undefined ? others : { ...others, resourceVersion: given } }, part)
}

function list({ store, watches }: Parts, response: ServerResponse, { resource, namespace }: Target, query: URLSearchParams): void {
  const selection: Selection = { namespace, labelSelector: query.get('labelSelector') ?? '', fieldSelector: query.get('fieldSelector') ?? '' }
  if (query.get('watch') === 'true' || query.get('watch') === '1') {
    watches.serve(response, resource, selection, query)
    return
  }
  const all = store.list(resource).filter((object) => isSelected(object, selection))
  const limit = Number(query.get('limit') ?? '0')
  const token = query.get('continue')
  const [version = String(store.version()), after = ''] =
    token === null ? [] : (Buffer.from(token, 'base64url').toString().split(' ') as [string, string])
  if (token !== null && store.since(Number(version)) === null) {
    throw new ApiFailure(410, 'Expired', 'The provided continue parameter is too old to display a consistent list result.')
  }
  const rest = all.filter((object) => positionOf(object) > after)
  const items = limit > 0 ? rest.slice(0, limit) : rest
  const last = items.at(-1)
  const isMore = items.length < rest.length && last !== undefined
  const next = isMore
    ? { continue: Buffer.from(`${version} ${positionOf(last)}`).toString('base64url'), remainingItemCount: rest.length - items.length }
    : {}
  send(response, 200, { kind: `${resource.kind}List`, apiVersion: apiVersionOf(resource), metadata: { resourceVersion: version, ...next }, items })
}

function positionOf({ metadata }: StoredObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    chunks.push(chunk as Buffer)
    bytes += (chunk as Buffer).length
    if (bytes > MOST_BODY_BYTES) throw new ApiFailure(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${MOST_BODY_BYTES}`)
  }
  return Buffer.concat(chunks).toString()
}

function parseBody(body: string): unknown {
  try {
    return JSON.parse(body) as unknown
  } catch {
    throw new ApiFailure(400, 'BadRequest', 'the body is no JSON')
  }
}

function notAllowed({ method }: IncomingMessage): ApiFailure {
  return new ApiFailure(405, 'MethodNotAllowed', `the server does not allow this method on the requested resource: ${method ?? ''}`)
}

function send(response: ServerResponse, code: number, body: unknown): void {
  response.writeHead(code, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}
