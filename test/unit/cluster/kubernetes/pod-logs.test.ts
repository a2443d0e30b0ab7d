import type { ServerResponse } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { createApiClient } from '../../../../src/cluster/kubernetes/api-client.ts'
import { followContainerLog, readPodLogTail } from '../../../../src/cluster/kubernetes/pod-logs.ts'
import type { ContainerStatus, Pod } from '../../../../src/runs/objects.ts'
import type { ScriptedServer } from '../../../support/scripted-server.ts'
import { startScriptedServer } from '../../../support/scripted-server.ts'

const pod: Pod = {
  metadata: { name: 'pod', namespace: 'data', uid: 'pod-uid', resourceVersion: '1', creationTimestamp: '2026-11-20T01:00:00Z' },
  status: { phase: 'Failed' },
}

type Answer = (response: ServerResponse) => void

const refuses =
  (status: number, message: string): Answer =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ kind: 'Status', message }))
  }
const says =
  (text: string): Answer =>
  (response) => {
    response.writeHead(200).end(text)
  }
const isCutAfter =
  (text: string): Answer =>
  (response) => {
    response.writeHead(200)
    response.write(text, () => response.destroy())
  }

let server: ScriptedServer
afterEach(() => server.close())

/** Gives these answers in turn, the last again and again. */
async function clientFor(...answers: Answer[]) {
  let asked = 0
  server = await startScriptedServer((_url, response) => answers[Math.min(asked++, answers.length - 1)]?.(response))
  return { client: createApiClient(server.connection), asked: () => asked }
}

const running = (name: string): ContainerStatus => ({ name, state: { running: {} } })
const terminated = (name: string, exitCode: number): ContainerStatus => ({ name, state: { terminated: { exitCode } } })

const NODE_AWAY = 'dial tcp 10.0.0.1:10250: connect: no route to host'

describe('the last lines of a log', () => {
  it.each([
    {
      title: 'says that its node does not answer',
      answers: [refuses(500, NODE_AWAY)],
      wantText: /^the log could not be read: .*no route to host\n$/,
    },
    { title: 'says that the connection is cut', answers: [isCutAfter('half a li')], wantText: /^the log could not be read: .*\n$/ },
    {
      title: 'says that nobody may read it',
      answers: [refuses(403, 'pods/log is forbidden')],
      wantText: /^the log could not be read: .*is forbidden\n$/,
    },
    { title: 'are had at the second try', answers: [refuses(502, 'bad gateway'), says('one\n')], wantText: /^one\n$/ },
    { title: 'are none where there is no log', answers: [refuses(404, 'pods "pod" not found')], wantText: /^$/ },
  ])('$title', async ({ answers, wantText }) => {
    const { client } = await clientFor(...answers)
    expect(await readPodLogTail(client, pod, 1000, 1)).toMatch(wantText)
  })

  it.each<{ title: string; status: Partial<Pod['status']>; want: string }>([
    {
      title: 'the one that failed, and not its sidecar',
      status: { initContainerStatuses: [terminated('proxy', 137)], containerStatuses: [terminated('agent', 0), terminated('step', 1)] },
      want: 'step',
    },
    {
      title: 'the init container that it has come to',
      status: { initContainerStatuses: [running('fetch'), running('proxy')], containerStatuses: [{ name: 'agent' }, { name: 'step' }] },
      want: 'fetch',
    },
    {
      title: 'the first of its spec, whatever the others are called',
      status: { initContainerStatuses: [running('proxy')], containerStatuses: [running('agent'), running('step')] },
      want: 'step',
    },
  ])('are those of $title', async ({ status, want }) => {
    const { client } = await clientFor(says('one\n'))
    const spec = {
      initContainers: [{ name: 'fetch' }, { name: 'proxy', restartPolicy: 'Always' }],
      containers: [{ name: 'step' }, { name: 'agent' }],
    }
    await readPodLogTail(client, { ...pod, spec, status: { ...pod.status, ...status } }, 1000)
    expect(server.asked[0]).toContain(`container=${want}&`)
  })

  it('says no more than may be kept', async () => {
    const { client } = await clientFor(refuses(403, 'x'.repeat(5000)))
    expect(await readPodLogTail(client, pod, 100)).toHaveLength(100)
  })
})

describe('the log of a container that is over', () => {
  async function follow(...answers: Answer[]) {
    const { client, asked } = await clientFor(...answers)
    let heard = ''
    const signal = new AbortController().signal
    await followContainerLog({ client, pod, container: 'step', hear: (text) => (heard += text), isOver: () => true, signal, retryMs: 1 })
    return { heard, asked: asked() }
  }

  const ONE = '2026-11-20T01:00:01Z one\n'
  const TWO = '2026-11-20T01:00:01.5Z two\n'

  it('is taken up again where it was cut', async () => {
    expect(await follow(isCutAfter(`${ONE}2026-11-20T01:00:0`), says(ONE + TWO))).toEqual({ heard: 'one\ntwo\n', asked: 2 })
  })

  it('is not told to the middle of a line while there is more to come', async () => {
    const half = '2026-11-20T01:00:02Z it is corr'
    const { client } = await clientFor(says(ONE + half), says(`${ONE}${half}ect horse`))
    const heard: string[] = []
    let looks = 0
    const isOver = (): boolean => ++looks > 1
    const signal = new AbortController().signal
    await followContainerLog({ client, pod, container: 'step', hear: (text) => heard.push(text), isOver, signal, retryMs: 1 })
    expect(heard).toEqual(['one\n', 'it is correct horse'])
  })

  it('ends where its pod is gone', async () => {
    expect(await follow(isCutAfter(ONE), refuses(404, 'pods "pod" not found'))).toEqual({ heard: 'one\n', asked: 2 })
  })

  it('ends with a word where it cannot be had', async () => {
    const { heard } = await follow(isCutAfter(ONE), refuses(500, NODE_AWAY))
    expect(heard).toMatch(/^one\nthe log could not be read: .*no route to host\n$/)
  })
})
