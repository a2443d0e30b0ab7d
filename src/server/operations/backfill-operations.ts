import { parseWrittenTime } from '../../clock.ts'
import type { BackfillAnswer } from '../../controller/backfill.ts'
import { askForBackfill, stopBackfills } from '../../controller/backfill.ts'
import type { Api } from '../api.ts'
import { repositoryOf } from '../api.ts'
import type { ApiReason } from '../api-error.ts'
import { ApiError } from '../api-error.ts'
import type { Operation } from '../operation.ts'
import { ok } from '../operation.ts'

interface BackfillBody {
  schedule: string
  from: string
  to: string
  maxActive?: number
  reason?: string
}

const TIME = { type: 'string', description: 'RFC 3339, as in 2026-11-20T00:00:00Z.' }

/** Running past ticks. */
export function backfillOperations(api: Api): Operation[] {
  const { context, controller } = api
  return [
    {
      id: 'backfillSchedule',
      method: 'post',
      path: '/repositories/{namespace}/{name}/backfills',
      summary: 'Runs the ticks of a range that did not run, in their order, a few at once.',
      access: { verb: 'create', resource: 'runs' },
      body: {
        type: 'object',
        required: ['schedule', 'from', 'to'],
        additionalProperties: false,
        properties: {
          schedule: { type: 'string', maxLength: 200 },
          from: TIME,
          to: { ...TIME, description: 'Likewise; it is part of the range.' },
          maxActive: { type: 'integer', minimum: 1, maximum: 100, description: 'Most of its runs at once; default 1.' },
          reason: { type: 'string', maxLength: 500, description: 'Lands in the records.' },
        },
      },
      answer: { type: 'object', required: ['ticks', 'backfill'], properties: { ticks: { type: 'integer' }, backfill: { type: 'object' } } },
      handle: async ({ path, body, identity }) => {
        const { schedule, from, to, maxActive = 1, reason = '' } = body as BackfillBody
        const [fromMs, toMs] = [timeOf('from', from), timeOf('to', to)]
        if (fromMs > toMs) throw new ApiError('Invalid', 'from lies after to')
        const answer = await askForBackfill(
          context,
          repositoryOf(api, path),
          { schedule, fromMs, toMs, maxActive, by: identity.name, reason },
          controller.wake,
        )
        if (answer.kind === 'Refused') throw new ApiError(REASONS[answer.reason], answer.message)
        return ok({ ticks: answer.ticks, backfill: answer.backfill }, 202)
      },
    },
    {
      id: 'stopBackfills',
      method: 'delete',
      path: '/repositories/{namespace}/{name}/backfills/{schedule}',
      summary: 'Starts no further tick of the backfills of a schedule; runs under way go on.',
      access: { verb: 'create', resource: 'runs' },
      answer: { type: 'object', required: ['stopped'], properties: { stopped: { type: 'integer' } } },
      handle: async ({ path }) => ok({ stopped: await stopBackfills(context, repositoryOf(api, path), path['schedule'] ?? '') }),
    },
  ]
}

const REASONS: Readonly<Record<Extract<BackfillAnswer, { kind: 'Refused' }>['reason'], ApiReason>> = {
  NotReady: 'Unavailable',
  UnknownSchedule: 'NotFound',
  NoTicks: 'Invalid',
  TooMany: 'Invalid',
  NotPast: 'Invalid',
}

function timeOf(field: string, text: string): number {
  const ms = parseWrittenTime(text)
  if (Number.isNaN(ms)) throw new ApiError('Invalid', `${field} ${JSON.stringify(text)} is no time: write it as in 2026-11-20T00:00:00Z`)
  return ms
}
