import type { ServerResponse } from 'node:http'
import { ApiFailure } from './api-failure.ts'
import { apiVersionOf, type Resource, type StoredObject } from './resources.ts'
import { isSelected, type Selection } from './selectors.ts'
import type { ObjectStore, StoreEvent } from './store.ts'

/** Watches that are open. */
export interface Watches {
  /** Answers a watch from a version on, until its time is over or the client goes. */
  serve(response: ServerResponse, resource: Resource, selection: Selection, query: URLSearchParams): void
  /** Sends a bookmark to all who want them. */
  bookmark(): void
  /** Ends all of them, as a server does that restarts. */
  endAll(): void
  count(): number
}

interface Watch {
  response: ServerResponse
  resource: Resource
  wantsBookmarks: boolean
}

/** Watches over this store. */
export function createWatches(store: ObjectStore): Watches {
  const open = new Set<Watch>()
  return {
    serve(response, resource, selection, query) {
      const from = Number(query.get('resourceVersion') ?? '0')
      const missed =
        from === 0
          ? store.list(resource).map((object): StoreEvent => ({ version: 0, type: 'ADDED', resource, object, before: null }))
          : store.since(from)
      response.writeHead(200, { 'content-type': 'application/json' })
      response.flushHeaders()
      if (missed === null) {
        const expired = new ApiFailure(410, 'Expired', `too old resource version: ${from} (${store.version()})`)
        response.end(`${JSON.stringify({ type: 'ERROR', object: expired.toStatus() })}\n`)
        return
      }
      const send = (event: StoreEvent): void => {
        if (event.resource !== resource) return
        const line = lineOf(event, selection)
        if (line !== null) response.write(`${line}\n`)
      }
      for (const event of missed) send(event)
      const watch: Watch = { response, resource, wantsBookmarks: query.get('allowWatchBookmarks') === 'true' }
      const unsubscribe = store.subscribe(send)
      open.add(watch)
      const timeoutSeconds = Number(query.get('timeoutSeconds') ?? '0')
      const timer = timeoutSeconds > 0 ? setTimeout(() => response.end(), timeoutSeconds * 1000) : undefined
      response.on('close', () => {
        clearTimeout(timer)
        unsubscribe()
        open.delete(watch)
      })
    },
    bookmark() {
      for (const { response, resource, wantsBookmarks } of open) {
        if (!wantsBookmarks) continue
        const object = { kind: resource.kind, apiVersion: apiVersionOf(resource), metadata: { resourceVersion: String(store.version()) } }
        response.write(`${JSON.stringify({ type: 'BOOKMARK', object })}\n`)
      }
    },
    endAll() {
      for (const { response } of open) response.end()
    },
    count: () => open.size,
  }
}

/** An object that comes into what is selected is new to the watcher, and one that leaves it is gone. */
function lineOf({ type, object, before }: StoreEvent, selection: Selection): string | null {
  const isNow = type !== 'DELETED' && isSelected(object, selection)
  const was = before !== null && isSelected(before, selection)
  if (isNow) return eventLine(was ? 'MODIFIED' : 'ADDED', object)
  return was || (type === 'DELETED' && isSelected(object, selection)) ? eventLine('DELETED', object) : null
}

function eventLine(type: string, object: StoredObject): string {
  return JSON.stringify({ type, object })
}
