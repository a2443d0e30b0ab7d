import type { WishAnswer } from '../controller/start-on-request.ts'
import type { ApiReason } from './api-error.ts'
import { ApiError } from './api-error.ts'

/** A run that was asked for; `created` is false when the same request has had it before. */
export interface StartedRun {
  run: string
  created: boolean
}

type Refused = Extract<WishAnswer, { kind: 'Refused' }>

const REASONS: Readonly<Record<Refused['reason'], ApiReason>> = {
  NotReady: 'Unavailable',
  HistoryFull: 'Unavailable',
  Paused: 'Conflict',
  Suspended: 'Conflict',
  KeyTaken: 'Conflict',
  UnknownWorkflow: 'NotFound',
  InvalidParams: 'Invalid',
}

/** The run of a wish that was granted. */
export function startedRun(answer: Exclude<WishAnswer, Refused>): StartedRun {
  return { run: answer.kind === 'Recorded' ? answer.run : answer.run.metadata.name, created: answer.kind === 'Created' }
}

/** The error of a wish that was not. */
export function refusalOf({ reason, message }: Refused): ApiError {
  return new ApiError(REASONS[reason], message)
}
