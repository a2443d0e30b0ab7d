import { randomUUID } from 'node:crypto'
import { formatTimestamp } from '../../clock.ts'
import { ConflictError } from '../../cluster/ports.ts'
import type { Context } from '../../context.ts'
import type { RerunAnswer } from '../../controller/rerun.ts'
import { rerun, rerunRecorded } from '../../controller/rerun.ts'
import type { RunSpec, StepStatus, StoredRun } from '../../runs/run.ts'
import type { Api } from '../api.ts'
import { repositoryOf, runOf, runOrRecordOf } from '../api.ts'
import type { ApiReason } from '../api-error.ts'
import { ApiError } from '../api-error.ts'
import type { Identity } from '../authenticate.ts'
import type { JsonSchema, Operation } from '../operation.ts'
import { ok } from '../operation.ts'

const text: JsonSchema = { type: 'string' }
const REASON = { type: 'string', maxLength: 500, description: 'Lands in the record.' }

const PHASES = ['Pending', 'Running', 'Finished']

const SUMMARY: JsonSchema = {
  type: 'object',
  required: ['namespace', 'run', 'workflow', 'repository', 'phase', 'createdAt'],
  properties: {
    namespace: text,
    run: text,
    workflow: text,
    repository: text,
    commit: text,
    trigger: { type: 'object' },
    phase: { enum: PHASES },
    result: { type: ['string', 'null'] },
    reason: { type: ['string', 'null'] },
    message: { type: ['string', 'null'] },
    createdAt: text,
    startedAt: { type: ['string', 'null'] },
    finishedAt: { type: ['string', 'null'] },
    rerunOf: { type: ['string', 'null'] },
  },
}

/** How often a change is tried again that somebody else came before. */
const TRIES = 5

/** Runs: list, show, cancel, approve, run again. */
export function runOperations(api: Api): Operation[] {
  const { context, controller } = api
  return [
    {
      id: 'listRuns',
      method: 'get',
      path: '/repositories/{namespace}/{name}/runs',
      summary: 'Runs that are not swept yet, the newest first.',
      access: { verb: 'list', resource: 'runs' },
      query: { workflow: 'Only of this workflow.', phase: 'Only in this phase: Pending, Running or Finished.' },
      answer: { type: 'object', required: ['runs'], properties: { runs: { type: 'array', items: SUMMARY } } },
      handle: async ({ path, query }) => {
        const { settings } = repositoryOf(api, path).followed
        if (query['phase'] !== undefined && !PHASES.includes(query['phase']))
          throw new ApiError('BadRequest', `phase: ${JSON.stringify(query['phase'])} is none of ${PHASES.join(', ')}`)
        const runs = (await context.runs.listRuns({ namespace: settings.ref.namespace, repository: settings.ref.name })).filter(
          (run) => (query['workflow'] ?? run.spec.workflow) === run.spec.workflow && (query['phase'] ?? phaseOf(run)) === phaseOf(run),
        )
        return ok({ runs: runs.sort(newestFirst).map(summarise) })
      },
    },
    {
      id: 'getRun',
      method: 'get',
      path: '/runs/{namespace}/{name}',
      summary: 'One run with its steps.',
      access: { verb: 'get', resource: 'runs' },
      answer: {
        ...SUMMARY,
        properties: { ...(SUMMARY['properties'] as object), params: { type: 'object' }, steps: { type: 'array', items: { type: 'object' } } },
      },
      handle: async ({ path }) => {
        const run = await runOf(api, path)
        return ok({ ...(summarise(run) as object), params: run.status?.params ?? run.spec.params, steps: run.status?.steps ?? [] })
      },
    },
    {
      id: 'cancelRun',
      method: 'post',
      path: '/runs/{namespace}/{name}/cancel',
      summary: 'Ends a run, or one step of it: running steps are stopped, those that have not begun are skipped, finally steps run.',
      access: { verb: 'update', resource: 'runs' },
      body: {
        type: 'object',
        additionalProperties: false,
        properties: { reason: REASON, step: { type: 'string', maxLength: 200, description: 'Only this step, or this expansion.' } },
      },
      answer: SUMMARY,
      handle: async ({ path, body, identity }) => {
        const { reason = 'no reason given', step } = body as { reason?: string; step?: string }
        const by = identity.name
        return ok(
          summarise(
            await change(context, await runOf(api, path), (run) =>
              step === undefined ? cancelAll(run, by, reason) : cancelOne(run, step, by, reason),
            ),
          ),
          202,
        )
      },
    },
    {
      id: 'approveStep',
      method: 'post',
      path: '/runs/{namespace}/{name}/approve',
      summary: 'Approves a step that waits for it.',
      access: { verb: 'update', resource: 'runs' },
      body: {
        type: 'object',
        additionalProperties: false,
        properties: { step: { type: 'string', maxLength: 200, description: 'Not needed when only one waits.' } },
      },
      answer: SUMMARY,
      handle: async ({ path, body, identity }) => {
        const { step } = body as { step?: string }
        const at = formatTimestamp(context.clock.now())
        return ok(summarise(await change(context, await runOf(api, path), (run) => approve(run, step, identity, at))), 202)
      },
    },
    {
      id: 'rerunRun',
      method: 'post',
      path: '/runs/{namespace}/{name}/rerun',
      summary: 'Runs a finished run again, all of it or what failed, also one of which only the record is left. The Run exists before the answer.',
      access: { verb: 'create', resource: 'runs' },
      body: {
        type: 'object',
        additionalProperties: false,
        properties: {
          failed: { type: 'boolean', description: 'Takes over what succeeded, with its results.' },
          reason: REASON,
          key: { type: 'string', minLength: 1, maxLength: 200, description: 'Idempotency key: the same key is the same rerun.' },
        },
      },
      answer: { type: 'object', required: ['run', 'created'], properties: { run: text, created: { type: 'boolean' } } },
      handle: async ({ path, body, identity }) => {
        const { failed = false, reason, key } = body as { failed?: boolean; reason?: string; key?: string }
        const words = { by: identity.name, ...(reason === undefined ? {} : { reason }) }
        const trigger = { kind: 'Rerun', key: `${path['name'] ?? ''} ${key ?? randomUUID()}`, ...words } as const
        const wish = { trigger, failedOnly: failed, isUnique: key === undefined }
        const found = await runOrRecordOf(api, path)
        const answer =
          found.kind === 'Run'
            ? await rerun(context, found.state, found.run, wish, controller.wake)
            : await rerunRecorded(context, found.state, found.record, wish, controller.wake)
        if (answer.kind === 'Refused') throw new ApiError(REFUSALS[answer.reason], answer.message)
        return ok({ run: answer.run, created: answer.kind === 'Created' }, answer.kind === 'Created' ? 201 : 200)
      },
    },
  ]
}

const REFUSALS: Readonly<Record<Extract<RerunAnswer, { kind: 'Refused' }>['reason'], ApiReason>> = {
  NotFinished: 'Conflict',
  NotBegun: 'Invalid',
  NothingFailed: 'Invalid',
  DefinitionGone: 'Invalid',
  NotReady: 'Unavailable',
  Paused: 'Conflict',
  Full: 'Unavailable',
}

/** Changes what people ask of a run, on top of what others wrote meanwhile. */
async function change(context: Context, found: StoredRun, ask: (run: StoredRun) => Partial<RunSpec> | null): Promise<StoredRun> {
  for (let run: StoredRun | null = found, tries = 1; ; run = await context.runs.getRun(found.metadata), tries++) {
    if (run === null) throw new ApiError('NotFound', `run ${found.metadata.name} is gone`)
    if (run.status?.phase === 'Finished') throw new ApiError('Conflict', `run ${run.metadata.name} has finished: it ended ${run.status.result ?? ''}`)
    const asked = ask(run)
    if (asked === null) return run
    const wanted = { ...run, spec: { ...run.spec, ...asked } }
    try {
      return await context.writeSite('run-status-written', () => context.runs.updateRun(wanted))
    } catch (error) {
      if (!(error instanceof ConflictError) || tries === TRIES) throw error
    }
  }
}

function cancelAll({ spec }: StoredRun, by: string, reason: string): Partial<RunSpec> | null {
  return spec.cancel === undefined ? { cancel: { by, reason } } : null
}

function cancelOne(run: StoredRun, name: string, by: string, reason: string): Partial<RunSpec> {
  const steps = (run.status?.steps ?? []).filter((step) => step.kind !== 'Undo' && (step.name === name || step.name.startsWith(`${name}/`)))
  if (steps.length === 0) throw new ApiError('NotFound', `run ${run.metadata.name} has no step ${JSON.stringify(name)}; it has ${namesOf(run)}`)
  if (steps.every(({ state }) => state === 'Ended')) throw new ApiError('Conflict', `step ${name} has ended already`)
  return { cancelSteps: [...(run.spec.cancelSteps ?? []), { step: name, by, reason }] }
}

function approve(run: StoredRun, name: string | undefined, { name: by, groups }: Identity, at: string): Partial<RunSpec> {
  const works = new Map([...(run.status?.definition?.steps ?? []), ...(run.status?.definition?.finally ?? [])].map((one) => [one.name, one.work]))
  const waiting = (run.status?.steps ?? []).filter((step) => works.get(step.name)?.kind === 'Approval' && step.state === 'Running')
  const step: StepStatus | undefined = name === undefined && waiting.length === 1 ? waiting[0] : waiting.find((one) => one.name === name)
  if (step === undefined) {
    const which = waiting.length === 0 ? 'no step of it does' : `those that do: ${waiting.map((one) => one.name).join(', ')}`
    throw new ApiError(waiting.length === 0 ? 'Conflict' : 'BadRequest', `say which step of ${run.metadata.name} waits for an approval; ${which}`)
  }
  const work = works.get(step.name)
  const allowed = work?.kind === 'Approval' ? work.by : []
  if (allowed.length > 0 && ![by, ...groups].some((who) => allowed.includes(who))) {
    throw new ApiError('Forbidden', `${by} may not approve ${step.name}: that is for ${allowed.join(', ')}`)
  }
  return { approvals: [...(run.spec.approvals ?? []), { step: step.name, by, at }] }
}

function namesOf({ status }: StoredRun): string {
  return (status?.steps ?? [])
    .slice(0, 20)
    .map(({ name }) => name)
    .join(', ')
}

function phaseOf({ status }: StoredRun): string {
  return status?.phase ?? 'Pending'
}

function newestFirst(one: StoredRun, other: StoredRun): number {
  return one.metadata.creationTimestamp < other.metadata.creationTimestamp ? 1 : -1
}

function summarise(run: StoredRun): unknown {
  const { metadata, spec, status } = run
  return {
    namespace: metadata.namespace,
    run: metadata.name,
    workflow: spec.workflow,
    repository: spec.repository,
    commit: spec.commit,
    trigger: spec.trigger,
    phase: phaseOf(run),
    result: status?.result ?? null,
    reason: status?.reason ?? null,
    message: status?.message ?? null,
    createdAt: metadata.creationTimestamp,
    startedAt: status?.startedAt ?? null,
    finishedAt: status?.finishedAt ?? null,
    rerunOf: spec.rerunOf ?? null,
  }
}
