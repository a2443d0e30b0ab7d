import type { Context } from '../context.ts'
import type { RunDefinition } from '../definitions/workflow.ts'
import { GitError } from '../git/ports.ts'
import type { RunRecord } from '../history/record.ts'
import { hasRecord } from '../history/read.ts'
import { runName } from '../runs/names.ts'
import type { EndedStep } from '../runs/plan-rerun.ts'
import { planCarryOver } from '../runs/plan-rerun.ts'
import type { RunResult, StoredRun, Trigger } from '../runs/run.ts'
import { pauseReason } from '../triggers/suspension.ts'
import { definitionsAt } from './look.ts'
import { isHistoryFull } from './history-full.ts'
import type { RepositoryState, Wake } from './repository.ts'
import { startRun } from './repository.ts'

/** What came of the wish for a rerun. `Recorded`: the same wish has had its rerun before, which was swept since. */
export type RerunAnswer =
  | { kind: 'Created' | 'Exists' | 'Recorded'; run: string }
  | { kind: 'Refused'; reason: 'NotFinished' | 'NotBegun' | 'NothingFailed' | 'DefinitionGone' | 'NotReady' | 'Paused' | 'Full'; message: string }

/** The wish: `failedOnly` takes over what succeeded, with its results. */
export interface RerunWish {
  trigger: Extract<Trigger, { kind: 'Rerun' }>
  failedOnly: boolean
  /** Whether its key was made for it alone: it cannot have had a rerun before. */
  isUnique?: boolean
}

/** What is done again. `definition` is null for a run that never began. */
interface EndedRun {
  name: string
  workflow: string
  commit: string
  params: Record<string, unknown>
  result: RunResult
  steps: readonly EndedStep[]
  definition: () => Promise<Pick<RunDefinition, 'steps'> | null>
}

/**
 * Runs a finished run again: at its commit, with its params, as a Run of its own that names it. The Run exists before the answer; the same key is
 * the same rerun, also after that has been swept.
 */
export async function rerun(context: Context, state: RepositoryState, run: StoredRun, wish: RerunWish, wake: Wake): Promise<RerunAnswer> {
  const { metadata, spec, status } = run
  if (status?.phase !== 'Finished' || status.result === undefined)
    return { kind: 'Refused', reason: 'NotFinished', message: `run ${metadata.name} has not finished: cancel it first` }
  const { result, steps, definition = null } = status
  return repeat(context, state, { ...spec, name: metadata.name, result, steps, definition: () => Promise.resolve(definition) }, wish, wake)
}

/** The same for a run that has been swept, from its record and from its workflow as it is at its commit. */
export async function rerunRecorded(context: Context, state: RepositoryState, record: RunRecord, wish: RerunWish, wake: Wake): Promise<RerunAnswer> {
  const { run: name, workflow, commit, params, result } = record
  const steps = record.steps.map(({ name: step, kind, result: end, finishedAt, results }) => ({
    name: step,
    kind,
    state: 'Ended' as const,
    result: end,
    ...(finishedAt === null ? {} : { finishedAt }),
    ...(Object.keys(results).length === 0 ? {} : { results }),
  }))
  const definition = async (): Promise<Pick<RunDefinition, 'steps'> | null> =>
    steps.length === 0 ? null : ((await definitionsAt(state, commit)).workflows.find((one) => one.name === workflow) ?? null)
  return repeat(context, state, { name, workflow, commit, params, result, steps, definition }, wish, wake)
}

async function repeat(context: Context, state: RepositoryState, run: EndedRun, wish: RerunWish, wake: Wake): Promise<RerunAnswer> {
  const { name, workflow, commit, params } = run
  const carriedOver = wish.failedOnly ? await carriedFrom(run) : []
  if (!Array.isArray(carriedOver)) return carriedOver
  const { ref } = state.followed.settings
  const again = runName(ref, workflow, wish.trigger, commit)
  const existing = await context.runs.getRun({ namespace: ref.namespace, name: again })
  if (existing === null && wish.isUnique !== true && !state.ownerRead) {
    const message = `the status branch of ${state.key} cannot be reached since this controller started, so nobody can say whether this has run before: try again later`
    return { kind: 'Refused', reason: 'NotReady', message }
  }
  if (existing === null && wish.isUnique !== true && (await hasRecord(state.followed.status, workflow, again)))
    return { kind: 'Recorded', run: again }
  const paused = existing === null ? (await context.runs.readCursors(ref))?.paused : undefined
  if (paused !== undefined)
    return { kind: 'Refused', reason: 'Paused', message: `${state.key} is ${pauseReason(paused)}; fusee resume starts it again` }
  if (existing === null && (await isHistoryFull(context, state)))
    return { kind: 'Refused', reason: 'Full', message: 'too many finished runs wait for their record: try again later' }
  const { kind, object } = await startRun(context, state, { workflow, commit, trigger: wish.trigger, params, rerunOf: name, carriedOver }, wake)
  return { kind, run: object.metadata.name }
}

async function carriedFrom({ name, commit, result, steps, definition }: EndedRun): Promise<ReturnType<typeof planCarryOver> | RerunAnswer> {
  if (result === 'Succeeded')
    return { kind: 'Refused', reason: 'NothingFailed', message: `run ${name} succeeded, nothing of it failed: run all of it again` }
  try {
    const found = await definition()
    if (found !== null) return planCarryOver(found, steps)
  } catch (error) {
    if (!(error instanceof GitError && error.kind === 'ObjectNotFound')) throw error
    return { kind: 'Refused', reason: 'DefinitionGone', message: `the commit ${commit} of run ${name} is not in the repository any more` }
  }
  return { kind: 'Refused', reason: 'NotBegun', message: `run ${name} has never begun, it has no steps to take over: run all of it again` }
}
