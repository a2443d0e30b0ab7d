import { formatTimestamp } from '../clock.ts'
import type { Context } from '../context.ts'
import { createExpressionLanguage } from '../definitions/expressions/language.ts'
import type { Workflow } from '../definitions/workflow.ts'
import type { Run, StoredRun } from '../runs/run.ts'
import type { RunExpressions } from '../runs/run-values.ts'
import { pinnedStatus } from './pin-definition.ts'
import { reconcileRun } from './reconcile-run.ts'
import { createQueue } from './admit.ts'
import { createSlots } from './slots.ts'
import { createWorkQueue } from './work-queue.ts'

/** One run by itself, without a followed Repository. */
export interface OnceOptions {
  context: Pick<Context, 'clock' | 'random' | 'runs' | 'jobs' | 'writeSite' | 'report'>
  run: Run
  workflow: Workflow
  maxParallelSteps: number
  /** Approvals that are given as soon as a step waits for them: by step, and in whose name. */
  approvals?: { steps: ReadonlySet<string>; by: string }
  /** What expressions see as `vars`; nothing when absent. */
  vars?: Readonly<Record<string, string>>
  /** Asks for the run to be cancelled: its steps are stopped, its `finally` steps run. */
  cancel: AbortSignal
  /** Gives the run up where it is: its steps are the caller's to end. Then there is no run to return. */
  abandon?: AbortSignal
}

/** Carries one run to its end and returns it with all its Jobs released, null when it was abandoned. Errors that pass are tried again; they are reported. */
export async function runOnce(options: OnceOptions): Promise<StoredRun | null> {
  const { context, cancel, abandon } = options
  const { object: created } = await context.runs.createRun(options.run)
  const ref = { namespace: created.metadata.namespace, name: created.metadata.name }
  context.report({ kind: 'RunCreated', repository: created.spec.repository, run: created })
  let finish: (run: StoredRun | null) => void = () => undefined
  const ended = new Promise<StoredRun | null>((resolve) => {
    finish = resolve
  })
  const expressions: RunExpressions = { language: createExpressionLanguage(), vars: options.vars ?? {}, branch: '' }
  const admissions = createQueue()
  const told = new Set<string>()
  // There is nobody to wait for.
  const workflow: Workflow = { ...options.workflow, concurrency: { policy: 'Allow', group: null, limit: 0 } }
  abandon?.addEventListener('abort', () => {
    finish(null)
  })
  const slots = createSlots(options.maxParallelSteps, () => {
    wake()
  })
  const queue = createWorkQueue({
    clock: context.clock,
    random: context.random,
    reconcile: async () => {
      if (cancel.aborted) await askToCancel(options, ref)
      const found = await context.runs.getRun(ref)
      if (found === null) return null
      const nextAtMs = await reconcileRun(
        {
          context,
          repository: created.spec.repository,
          slots,
          policy: null,
          expressions,
          queue: admissions,
          told,
          pin: (run) => Promise.resolve(pinnedStatus(workflow, run, expressions, context.clock.now())),
          onFinished: () => undefined,
        },
        found,
      )
      const run = await context.runs.getRun(ref)
      if (run !== null) await approve(options, run)
      if (run?.status?.phase !== 'Finished') return nextAtMs
      const jobs = await context.jobs.observeJobs(ref)
      if (jobs.some(({ job }) => (job.metadata.finalizers ?? []).length > 0)) return context.clock.now()
      finish(run)
      return null
    },
    onError: (key, error) => {
      context.report({ kind: 'ReconcileFailed', key, error })
    },
  })
  function wake(): void {
    queue.add('run')
  }
  const subscriptions = [context.runs.subscribe(wake), context.jobs.subscribe(wake)]
  cancel.addEventListener('abort', wake)
  wake()
  try {
    return await ended
  } finally {
    cancel.removeEventListener('abort', wake)
    for (const end of subscriptions) end()
    await queue.drain()
  }
}

async function askToCancel({ context }: OnceOptions, ref: { namespace: string; name: string }): Promise<void> {
  const run = await context.runs.getRun(ref)
  if (run === null || run.spec.cancel !== undefined || run.status?.phase === 'Finished') return
  await context.runs.updateRun({ ...run, spec: { ...run.spec, cancel: { by: 'signal', reason: 'interrupted' } } })
}

/** Gives the approvals that were promised to what waits for them. */
async function approve({ context, approvals }: OnceOptions, run: StoredRun): Promise<void> {
  const before = run.spec.approvals ?? []
  const waiting = (run.status?.steps ?? []).filter(({ name, state }) => state === 'Running' && approvals?.steps.has(name) === true)
  const open = waiting.filter(({ name }) => !before.some(({ step }) => step === name))
  if (approvals === undefined || open.length === 0) return
  const at = formatTimestamp(context.clock.now())
  const given = open.map(({ name }) => ({ step: name, by: approvals.by, at }))
  await context.runs.updateRun({ ...run, spec: { ...run.spec, approvals: [...before, ...given] } })
}
