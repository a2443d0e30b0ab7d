import { TRIGGER_IDENTITY } from '../../definitions/trigger-identity.ts'
import type { Condition, StoredMeta } from '../../runs/objects.ts'
import { API_VERSION, FINALIZER } from '../../runs/objects.ts'
import { parseTimestamp } from '../../clock.ts'
import type { RecordedAt, RunSpec, RunStatus, StoredRun, Trigger } from '../../runs/run.ts'
import type { Packed } from '../pack.ts'
import { packStatus, unpackStatus } from '../stored-status.ts'

/**
 * Annotation of a Run whose record is on the status branch: `<commit> <time>`, and `beside` where that lies beside the record of another run of the same
 * name. It goes on together with the finalizer's end, in one request: where
 * both are there, somebody has made the Run from a copy of another.
 */
export const RECORDED_ANNOTATION = 'fusee.dev/recorded'

/** A Run as it lies in the cluster: somebody's `kubectl create` may have made it with the least that the schema asks for. */
export interface RunObject {
  apiVersion: string
  kind: string
  metadata: StoredMeta
  spec: Partial<RunSpec> & Pick<RunSpec, 'repository' | 'workflow'>
  status?: StoredStatus | WaitingStatus
}

/** What `kubectl get` and `kubectl wait` read, and the whole status in `state`, packed when it is large. */
interface StoredStatus {
  phase: RunStatus['phase']
  result?: string
  reason?: string
  message?: string
  startedAt?: string
  finishedAt?: string
  /** Ended steps of all, as `3/5`. */
  progress: string
  conditions: Condition[]
  state: Packed<RunStatus>
}

/** Of a Run that nobody has taken in hand: for people alone, the engine reads it as one without a status. */
interface WaitingStatus extends Pick<StoredStatus, 'conditions'> {
  phase: 'Pending'
  message: string
  state?: undefined
}

/** The Run as the engine reads it; what a person left out is filled in. A `commit` of '' is still to be chosen. Shares its parts with the object. */
export function decodeRun(object: RunObject): StoredRun {
  const { metadata, spec, status } = object
  const recorded = metadata.finalizers?.includes(FINALIZER) === true ? undefined : metadata.annotations?.[RECORDED_ANNOTATION]
  const decoded = status?.state === undefined ? undefined : unpackStatus(spec, status.state)
  return {
    apiVersion: API_VERSION,
    kind: 'Run',
    metadata,
    spec: {
      ...spec,
      commit: spec.commit ?? '',
      trigger: wholeTrigger(spec.trigger, metadata.uid),
      params: spec.params ?? {},
      rerunOf: spec.rerunOf ?? null,
    },
    ...(decoded === undefined
      ? {}
      : {
          status: {
            ...decoded,
            ...(recorded === undefined ? {} : { recorded: parseRecorded(recorded) }),
          },
        }),
  }
}

/** What the annotation says. */
export function encodeRecorded({ commit, at, beside }: RecordedAt): string {
  return [commit, at, ...(beside === true ? ['beside'] : [])].join(' ')
}

function parseRecorded(text: string): RecordedAt {
  const [commit = '', at = '', where] = text.split(' ')
  return { commit, at, ...(where === 'beside' ? { beside: true } : {}) }
}

/** The trigger as somebody wrote it; what it lacks is filled in, and one that nothing identifies is somebody's by hand. */
function wholeTrigger(written: Partial<Record<string, unknown>> | undefined, uid: string): Trigger {
  const { kind = 'Manual', reason } = written ?? {}
  const text = (field: string): string | undefined => (typeof written?.[field] === 'string' ? written[field] : undefined)
  const by = text('by') ?? 'kubectl'
  const isByHand = kind === 'Manual' || kind === 'Api' || kind === 'Rerun'
  const identity = isByHand ? undefined : TRIGGER_IDENTITY[String(kind)]
  const isWhole =
    identity?.every((field) => (text(field) ?? '') !== '') === true && !Number.isNaN(parseTimestamp(text('tick') ?? '1970-01-01T00:00:00Z'))
  if (isWhole) return (kind === 'Backfill' ? { ...written, by } : written) as Trigger
  return { kind: isByHand ? kind : 'Manual', key: text('key') ?? uid, by, ...(typeof reason === 'string' ? { reason } : {}) }
}

/** The status as it lies in the cluster, without what the annotation says. */
export function encodeStatus(spec: Pick<RunSpec, 'carriedOver'>, status: RunStatus, createdAt: string): StoredStatus {
  const { recorded: _, ...state } = status
  const { phase, result, reason, message, startedAt, finishedAt, steps } = state
  const optional = { result, reason, message, startedAt, finishedAt }
  return {
    phase,
    ...(Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)) as typeof optional as Pick<StoredStatus, 'result'>),
    progress: `${steps.filter((step) => step.state === 'Ended').length}/${steps.length}`,
    conditions: conditionsOf(status, createdAt),
    state: packStatus(spec, state),
  }
}

/** What a Run that cannot be taken in hand says of that. */
export function waitingStatus(message: string, createdAt: string): WaitingStatus {
  return { phase: 'Pending', message, conditions: conditionsOf({ phase: 'Pending', message, steps: [] }, createdAt) }
}

/** `Finished` is True at any end, `Succeeded` only at that one; both for `kubectl wait`. */
function conditionsOf({ phase, result, reason, message = '', startedAt, finishedAt }: RunStatus, createdAt: string): Condition[] {
  const isFinished = phase === 'Finished'
  const why = {
    reason: isFinished ? (reason ?? result ?? 'Finished') : phase,
    message,
    lastTransitionTime: (isFinished ? finishedAt : startedAt) ?? createdAt,
  }
  const succeeded = !isFinished ? 'Unknown' : result === 'Succeeded' ? 'True' : 'False'
  return [
    { type: 'Finished', status: isFinished ? 'True' : 'False', ...why },
    { type: 'Succeeded', status: succeeded, ...why },
  ]
}
