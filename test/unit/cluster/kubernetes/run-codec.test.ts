import { expect, it } from 'vitest'
import { decodeRun, encodeStatus } from '../../../../src/cluster/kubernetes/run-codec.ts'

const metadata = { name: 'by-hand', namespace: 'data', uid: 'u1', resourceVersion: '1', creationTimestamp: '2026-11-20T01:00:00Z' }
const BY_HAND = { kind: 'Manual', key: 'u1', by: 'kubectl' }

it.each([
  { written: undefined, want: BY_HAND },
  { written: { kind: 'Manual' }, want: BY_HAND },
  { written: { kind: 'Api', by: 'mia', reason: 'once more' }, want: { kind: 'Api', key: 'u1', by: 'mia', reason: 'once more' } },
  { written: { kind: 'Push' }, want: BY_HAND },
  { written: { kind: 'Schedule', schedule: 'nightly' }, want: BY_HAND },
  { written: { kind: 'Schedule', schedule: 'nightly', tick: 'tomorrow' }, want: BY_HAND },
  { written: { kind: 'Webhook', name: 'ask', delivery: 3 }, want: BY_HAND },
  { written: { kind: 'PullRequest', number: 3 }, want: BY_HAND },
  { written: { kind: 'Push', branch: 'main' }, want: { kind: 'Push', branch: 'main' } },
  {
    written: { kind: 'Backfill', schedule: 'nightly', tick: '2026-11-20T01:00:00Z' },
    want: { kind: 'Backfill', schedule: 'nightly', tick: '2026-11-20T01:00:00Z', by: 'kubectl' },
  },
])('a trigger as somebody wrote it is made whole: $written', ({ written, want }) => {
  const spec = { repository: 'jobs', workflow: 'any', ...(written === undefined ? {} : { trigger: written as never }) }
  expect(decodeRun({ apiVersion: 'fusee.dev/v1alpha1', kind: 'Run', metadata, spec }).spec.trigger).toEqual(want)
})

it.each([
  { title: 'the finalizer is gone', finalizers: [], want: { commit: 'c1', at: '2026-11-20T01:00:00Z' } },
  { title: 'it is held, and was copied from a recorded one', finalizers: ['fusee.dev/record'], want: undefined },
])('a Run is recorded where $title', ({ finalizers, want }) => {
  const annotations = { 'fusee.dev/recorded': 'c1 2026-11-20T01:00:00Z' }
  const status = encodeStatus({}, { phase: 'Finished', result: 'Succeeded', steps: [] } as never, metadata.creationTimestamp)
  const object = { apiVersion: 'fusee.dev/v1alpha1', kind: 'Run', metadata: { ...metadata, annotations, finalizers }, status } as const
  expect(decodeRun({ ...object, spec: { repository: 'jobs', workflow: 'any' } }).status?.recorded).toEqual(want)
})
