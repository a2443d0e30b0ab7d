import type { ServerResponse } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { createApiClient } from '../../../../src/cluster/kubernetes/api-client.ts'
import { createObjectCache } from '../../../../src/cluster/kubernetes/object-cache.ts'
import type { ApiObject, Reflector } from '../../../../src/cluster/kubernetes/reflector.ts'
import { startReflector } from '../../../../src/cluster/kubernetes/reflector.ts'
import type { ScriptedServer } from '../../../support/scripted-server.ts'
import { answerJson, startScriptedServer } from '../../../support/scripted-server.ts'

const object = (name: string, version: number, uid = `${name}-uid`): ApiObject => ({
  metadata: { name, namespace: 'data', uid, resourceVersion: String(version), creationTimestamp: '2026-11-20T01:00:00Z' },
})
const listOf = (items: ApiObject[], version: number, next?: string) => ({ items, metadata: { resourceVersion: String(version), continue: next } })
const line = (type: string, one: unknown): string => `${JSON.stringify({ type, object: one })}\n`

describe('a reflector', () => {
  let server: ScriptedServer
  let reflector: Reflector
  const changes: string[] = []
  const errors: string[] = []

  afterEach(async () => {
    await reflector.stop()
    await server.close()
    changes.length = 0
    errors.length = 0
  })

  /** Answers lists and watches in turn; the last answer of each is given again and again. */
  async function follow(
    lists: ((response: ServerResponse, url: URL) => void)[],
    watches: ((response: ServerResponse, url: URL) => void)[],
    silenceMs = 60_000,
  ) {
    let [list, watch] = [0, 0]
    server = await startScriptedServer((url, response) => {
      if (url.searchParams.has('watch')) watches[Math.min(watch++, watches.length - 1)]?.(response, url)
      else lists[Math.min(list++, lists.length - 1)]?.(response, url)
    })
    const cache = createObjectCache<ApiObject>({
      onChange(before, after) {
        const kind = before === null ? '+' : after === null ? '-' : '~'
        changes.push(`${kind}${(after ?? before)?.metadata.name ?? ''}@${(after ?? before)?.metadata.resourceVersion ?? ''}`)
      },
    })
    const client = createApiClient(server.connection)
    reflector = startReflector({ client, path: '/things', mirror: cache, silenceMs, onError: (error) => errors.push(String(error)) })
    await reflector.synced
    return cache
  }

  const hangs = (response: ServerResponse, ...lines: string[]): void => {
    response.writeHead(200)
    response.write(lines.join('') || '\n')
  }

  it('lists by pages, then watches from there', async () => {
    const cache = await follow(
      [
        (response) => answerJson(response, 200, listOf([object('a', 3)], 9, 'more')),
        (response) => answerJson(response, 200, listOf([object('b', 5)], 9)),
      ],
      [(response) => hangs(response, line('ADDED', object('c', 10)), line('DELETED', object('a', 11)))],
    )
    await expect.poll(() => changes).toEqual(['+a@3', '+b@5', '+c@10', '-a@3'])
    expect([...cache.all()].map(({ metadata }) => metadata.name)).toEqual(['b', 'c'])
    expect(server.asked[1]).toContain('continue=more')
    expect(server.asked[2]).toMatch(/watch=true.*allowWatchBookmarks=true.*resourceVersion=9/)
  })

  it('goes on from the last bookmark when a watch is closed, without listing again', async () => {
    await follow(
      [(response) => answerJson(response, 200, listOf([], 9))],
      [
        (response) => {
          response.end(line('BOOKMARK', object('', 40)))
        },
        (response) => hangs(response),
      ],
    )
    await expect.poll(() => server.asked.at(-1)).toContain('resourceVersion=40')
    expect(reflector.counts.lists).toBe(1)
  })

  it('lists again after 410, in the answer and in band, and tells of what went and of what was made anew', async () => {
    await follow(
      [
        (response) => answerJson(response, 200, listOf([object('a', 3), object('b', 4)], 9)),
        (response) => answerJson(response, 200, listOf([object('b', 20, 'another')], 21)),
        (response) => answerJson(response, 200, listOf([object('b', 20, 'another')], 22)),
      ],
      [
        (response) => answerJson(response, 410, { reason: 'Expired' }),
        (response) => response.end(line('ERROR', { code: 410, reason: 'Expired' })),
        (response) => hangs(response),
      ],
    )
    await expect.poll(() => reflector.counts.lists).toBe(3)
    expect(changes).toEqual(['+a@3', '+b@4', '-b@4', '+b@20', '-a@3'])
    expect(errors).toEqual([])
  })

  it('survives errors, cut lines and what is no JSON', async () => {
    await follow(
      [(response) => answerJson(response, 500, { message: 'etcd is away' }), (response) => answerJson(response, 200, listOf([], 9))],
      [
        (response) => response.end('{"type": "ADD'),
        (response) => response.end('no json\n'),
        (response) => hangs(response, line('ADDED', object('a', 12))),
      ],
    )
    await expect.poll(() => changes).toEqual(['+a@12'])
    expect(errors).toMatchObject([/500 etcd is away/, /was cut/, /no JSON/].map((text) => expect.stringMatching(text) as unknown))
  })

  it('gives up a watch that is silent', async () => {
    await follow([(response) => answerJson(response, 200, listOf([], 9))], [(response) => hangs(response)], 50)
    await expect.poll(() => reflector.counts.watches).toBeGreaterThan(1)
    expect(errors[0]).toMatch(/silent/)
  })

  it('comes back soon, however often a watch that worked is cut', async () => {
    let version = 10
    server = await startScriptedServer((url, response) => {
      if (!url.searchParams.has('watch')) return answerJson(response, 200, listOf([], 9))
      response.writeHead(200)
      response.write(line('ADDED', object('a', version++)), () => response.destroy())
    })
    const waits: number[] = []
    reflector = startReflector({
      client: createApiClient(server.connection),
      path: '/things',
      mirror: createObjectCache<ApiObject>({ onChange: () => undefined }),
      onError: (error) => errors.push(String(error)),
      wait: async (ms) => void waits.push(ms),
    })
    await expect.poll(() => reflector.counts.watches).toBeGreaterThan(10)
    expect(errors[0]).toMatch(/aborted/)
    // 200 ms, give or take a half.
    expect(Math.max(...waits)).toBeLessThan(301)
  })

  it('asks seldom of a server that closes every watch at once', async () => {
    await follow([(response) => answerJson(response, 200, listOf([], 9))], [(response) => response.end()])
    await expect.poll(() => reflector.counts.watches).toBe(3)
    expect(reflector.counts.lists).toBe(1)
  })

  it('with one try, says what the first list was refused with, and asks no more', async () => {
    let asked = 0
    server = await startScriptedServer((_url, response) => {
      asked++
      answerJson(response, 403, { message: 'things is forbidden: mia cannot list' })
    })
    const options = {
      client: createApiClient(server.connection),
      path: '/things',
      mirror: createObjectCache<ApiObject>({ onChange: () => undefined }),
    }
    reflector = startReflector({ ...options, firstList: 'Once', onError: (error) => errors.push(String(error)) })
    await expect(reflector.synced).rejects.toThrow('GET /things: 403 things is forbidden: mia cannot list')
    expect([asked, errors]).toEqual([1, []])
  })

  it('waits no longer for its first list than it is told to', async () => {
    server = await startScriptedServer((_url, response) => {
      answerJson(response, 500, { message: 'away' })
    })
    const stop = new AbortController()
    const options = {
      client: createApiClient(server.connection),
      path: '/things',
      mirror: createObjectCache<ApiObject>({ onChange: () => undefined }),
    }
    reflector = startReflector({ ...options, signal: stop.signal, onError: (error) => errors.push(String(error)) })
    await expect.poll(() => errors.length).toBeGreaterThan(0)
    stop.abort()
    await expect(reflector.synced).rejects.toThrow('nobody waits for /things any more')
  })
})

describe('a cache', () => {
  it('lets the newest version count, whoever brings it, and forgets what was deleted', () => {
    const seen: string[] = []
    const cache = createObjectCache<ApiObject>({
      onChange: (before, after) => seen.push(`${before?.metadata.resourceVersion} ${after?.metadata.resourceVersion}`),
    })
    cache.put(object('a', 10))
    cache.put(object('a', 9))
    cache.put(object('a', 100))
    expect(seen).toEqual(['undefined 10', '10 100'])
    cache.forget(object('a', 100))
    cache.put(object('a', 99))
    expect(cache.get({ namespace: 'data', name: 'a' })).toBeNull()
    cache.put(object('a', 120, 'another'))
    cache.remove(object('a', 110))
    expect(cache.get({ namespace: 'data', name: 'a' })?.metadata.uid).toBe('another')
  })

  it('keeps none that is gone, though an answer to an earlier write comes late, and takes one whose label is back', () => {
    const cache = createObjectCache<ApiObject>({ onChange: () => undefined })
    const isThere = (name: string): boolean => cache.get({ namespace: 'data', name }) !== null
    cache.put(object('a', 9))
    cache.remove(object('a', 11))
    cache.put(object('a', 10))
    expect(isThere('a')).toBe(false)
    cache.put(object('a', 12))
    expect(isThere('a')).toBe(true)
    cache.retain(() => false, '13')
    cache.put(object('a', 13))
    expect(isThere('a')).toBe(false)
  })

  it('keeps what was written after a list was begun', () => {
    const cache = createObjectCache<ApiObject>({ onChange: () => undefined })
    cache.put(object('old', 5))
    cache.put(object('new', 50))
    cache.retain(() => false, '20')
    expect([...cache.all()].map(({ metadata }) => metadata.name)).toEqual(['new'])
  })
})
