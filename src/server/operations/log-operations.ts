import type { StepStatus, StoredRun } from '../../runs/run.ts'
import { stepJob, stepKey } from '../../runs/step-key.ts'
import type { Api } from '../api.ts'
import { runOf } from '../api.ts'
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
      summary: 'What a step has printed; with follow=true also what it will, as it comes. A swept Job has only what its record keeps.',
      access: { verb: 'get', resource: 'runs' },
      query: {
        step: 'Its name, or <step>/<index> for an expansion; `<step> undo` for an undo. Not needed when there is only one.',
        follow: '`true` follows.',
      },
      answer: { type: 'string' },
      handle: async ({ path, query, signal }) => {
        const run = await runOf(api, path)
        const step = stepOf(run, query['step'])
        return { kind: 'Stream', contentType: 'text/plain; charset=utf-8', chunks: logOf(api, run, step, query['follow'] === 'true', signal) }
      },
    },
  ]
}

function stepOf(run: StoredRun, wanted: string | undefined): StepStatus {
  const steps = (run.status?.steps ?? []).filter((step) => step.kind !== 'Join' && step.kind !== 'Approval')
  const [only] = steps
  const found = wanted === undefined && steps.length === 1 ? only : steps.find((step) => stepKey(step) === wanted)
  if (found !== undefined) return found
  const names = steps.slice(0, 20).map((step) => stepKey(step))
  const known = names.length === 0 ? 'it has none' : `it has ${names.join(', ')}${steps.length > names.length ? ', …' : ''}`
  if (wanted === undefined) throw new ApiError('BadRequest', `say which step of ${run.metadata.name}: ${known}`)
  throw new ApiError('NotFound', `run ${run.metadata.name} has no step ${JSON.stringify(wanted)} with a log: ${known}`)
}

async function* logOf({ context }: Api, run: StoredRun, step: StepStatus, isFollowed: boolean, signal: AbortSignal): AsyncGenerator<string> {
  const name = stepJob(run.metadata.name, step)
  const found = name === null ? undefined : (await context.jobs.observeJobs(run.metadata)).find(({ job }) => job.metadata.name === name)
  if (found === undefined) {
    yield step.log ?? ''
    return
  }
  if (!isFollowed && step.state !== 'Ended') {
    yield await context.jobs.readLogTail(found.job, MOST_BYTES)
    return
  }
  yield* heard((hear, end) => context.jobs.followLog(found.job, hear, end), signal)
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
