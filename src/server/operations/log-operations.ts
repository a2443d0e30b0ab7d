import type { RunRecord } from '../../history/record.ts'
import { attemptsOfStep } from '../../runs/attempts.ts'
import type { JobObservation } from '../../runs/objects.ts'
import type { StepStatus, StoredRun } from '../../runs/run.ts'
import { stepJob, stepKey } from '../../runs/step-key.ts'
import type { Api } from '../api.ts'
import { runOrRecordOf } from '../api.ts'
import { ApiError } from '../api-error.ts'
import type { Operation } from '../operation.ts'

/** Most of a log that is shown without following it, in bytes. */
const MOST_BYTES = 10 * 1024 * 1024

/** What steps print. */
export function logOperations(api: Api): Operation[] {
  return [
    {
      id: 'readLog',
      method: 'get',
      path: '/runs/{namespace}/{name}/logs',
      summary: 'What a step has printed; with follow=true also what it will, as it comes. Of a swept Job or run, what the record keeps.',
      access: { verb: 'get', resource: 'runs' },
      query: {
        step: 'Its name, or <step>/<index> for an expansion; `<step> undo` for an undo. Not needed when there is only one.',
        attempt: 'Only of this try, from 1 on; all tries without.',
        follow: '`true` follows.',
      },
      answer: { type: 'string' },
      handle: async ({ path, query, signal }) => {
        const found = await runOrRecordOf(api, path)
        const asked = found.kind === 'Run' ? await findAttempt(api, found.run, query) : recordedAttempt(found.record, query)
        return { kind: 'Stream', contentType: 'text/plain; charset=utf-8', chunks: logOf(api, asked, query['follow'] === 'true', signal) }
      },
    },
  ]
}

/** A try of a step; its pod is null for all of them. `observation` is null when its Job is gone. */
interface Asked {
  step: Pick<StepStatus, 'state' | 'log'>
  observation: JobObservation | null
  pod: string | null
}

async function findAttempt({ context }: Api, run: StoredRun, query: Readonly<Record<string, string | undefined>>): Promise<Asked> {
  const step = stepOf(run.metadata.name, run.status?.steps ?? [], query['step'])
  const name = stepJob(run.metadata.name, step)
  const observation = name === null ? null : ((await context.jobs.observeJobs(run.metadata)).find(({ job }) => job.metadata.name === name) ?? null)
  const ended = attemptsOfStep(run.metadata.name, step).map(({ pod }) => pod)
  const present = (observation?.pods ?? []).map(({ metadata }) => metadata.name)
  const pods = [...ended, ...present.filter((pod) => !ended.includes(pod))]
  const number = attemptOf(query['attempt'], { step: step.name, count: pods.length, isGone: observation === null })
  return { step, observation, pod: number === null ? null : (pods[number - 1] ?? null) }
}

/** The number of a try, of so many; null when none is asked for. Where the Job is gone, no more is left than the end of the last one. */
function attemptOf(wanted: string | undefined, { step, count, isGone }: { step: string; count: number; isGone: boolean }): number | null {
  if (wanted === undefined) return null
  if (!/^[1-9]\d{0,5}$/.test(wanted)) throw new ApiError('BadRequest', `attempt: ${JSON.stringify(wanted)} is no number from 1 on`)
  if (Number(wanted) > count) throw new ApiError('NotFound', `step ${step} has ${count} ${count === 1 ? 'attempt' : 'attempts'} so far`)
  if (isGone && Number(wanted) < count)
    throw new ApiError('NotFound', `the Job of step ${step} is gone: only the end of attempt ${count} is kept, if it failed`)
  return Number(wanted)
}

function recordedAttempt(record: RunRecord, query: Readonly<Record<string, string | undefined>>): Asked {
  const { log = '', name, attempts } = stepOf(record.run, record.steps, query['step'])
  attemptOf(query['attempt'], { step: name, count: attempts.length, isGone: true })
  return { step: { state: 'Ended', log }, observation: null, pod: null }
}

function stepOf<T extends Pick<StepStatus, 'name' | 'kind'>>(run: string, all: readonly T[], wanted: string | undefined): T {
  const steps = all.filter((step) => step.kind !== 'Join' && step.kind !== 'Approval')
  const [only] = steps
  const found = wanted === undefined && steps.length === 1 ? only : steps.find((step) => stepKey(step) === wanted)
  if (found !== undefined) return found
  const names = steps.slice(0, 20).map((step) => stepKey(step))
  const known = names.length === 0 ? 'it has none' : `it has ${names.join(', ')}${steps.length > names.length ? ', …' : ''}`
  if (wanted === undefined) throw new ApiError('BadRequest', `say which step of ${run}: ${known}`)
  throw new ApiError('NotFound', `run ${run} has no step ${JSON.stringify(wanted)} with a log: ${known}`)
}

async function* logOf(
  { context: { jobs } }: Api,
  { step, observation, pod }: Asked,
  isFollowed: boolean,
  signal: AbortSignal,
): AsyncGenerator<string> {
  if (observation === null) {
    yield step.log ?? ''
    return
  }
  const { job } = observation
  if (!isFollowed && step.state !== 'Ended') {
    yield await jobs.readLogTail(job, MOST_BYTES, pod ?? undefined)
    return
  }
  yield* heard((hear, end) => jobs.followLog(job, hear, end, pod ?? undefined), signal)
}

/** What is told, as something to be read; the teller is told to end when nobody reads any more. */
async function* heard(tell: (hear: (text: string) => void, end: AbortSignal) => Promise<void>, signal: AbortSignal): AsyncGenerator<string> {
  const end = new AbortController()
  const pieces: string[] = []
  let wake = (): void => undefined
  let isOver = false
  let failure: unknown = null
  const stop = (): void => {
    end.abort()
  }
  signal.addEventListener('abort', stop)
  void tell((text) => {
    pieces.push(text)
    wake()
  }, end.signal)
    .catch((error: unknown) => {
      failure = error
    })
    .finally(() => {
      isOver = true
      wake()
    })
  try {
    for (;;) {
      const text = pieces.splice(0).join('')
      if (text !== '') yield text
      else if (isOver) break
      else await new Promise<void>((resolve) => (wake = resolve))
    }
    if (failure !== null && !signal.aborted) throw failure instanceof Error ? failure : new Error(String(failure))
  } finally {
    stop()
    signal.removeEventListener('abort', stop)
  }
}
