import { isDeepStrictEqual } from 'node:util'
import type { Context } from '../context.ts'
import { hasRecord } from '../history/read.ts'
import { runName } from '../runs/names.ts'
import type { StoredRun, Trigger } from '../runs/run.ts'
import { resolveParams } from '../triggers/params.ts'
import { pauseReason, suspensionAt, suspensionReason, suspensionsInForce } from '../triggers/suspension.ts'
import { didYouMean } from '../definitions/near-names.ts'
import type { Workflow } from '../definitions/workflow.ts'
import { isHistoryFull } from './history-full.ts'
import type { RepositoryState, Wake } from './repository.ts'
import { startRun } from './repository.ts'

/** Somebody asks for a run: a person, a program, a webhook. */
export interface RunWish {
  workflow: string
  trigger: Trigger
  /** Given values only. */
  params: Record<string, unknown>
  /** Whether its key was made for it alone: it cannot have had a run before. */
  isUnique?: boolean
}

/** What came of it. `Exists` and `Recorded`: the same wish has had its run before. */
export type WishAnswer =
  | { kind: 'Created' | 'Exists'; run: StoredRun }
  | { kind: 'Recorded'; run: string }
  | {
      kind: 'Refused'
      reason: 'NotReady' | 'Paused' | 'Suspended' | 'UnknownWorkflow' | 'InvalidParams' | 'HistoryFull' | 'KeyTaken'
      message: string
    }

/**
 * Creates the Run of a wish before it is answered: what asks cannot be read again. The newest valid version of the workflow runs. The
 * same wish again gives the same run, also after that has been swept; with other params under the same key it is refused.
 */
export async function startOnRequest(context: Context, state: RepositoryState, wish: RunWish, wake: Wake): Promise<WishAnswer> {
  const refusal = refusalOf(state, wish)
  if (refusal !== null) return refusal
  const { settings, status } = state.followed
  const version = state.versions?.workflows.get(wish.workflow)
  if (version === undefined) return unknownWorkflow(state, wish.workflow)
  const name = runName(settings.ref, wish.workflow, wish.trigger, version.commit)
  const existing = await context.runs.getRun({ namespace: settings.ref.namespace, name })
  if (existing === null && wish.isUnique !== true && !state.ownerRead) {
    const message = `the status branch of ${state.key} cannot be reached since this controller started, so nobody can say whether this has run before: try again later`
    return { kind: 'Refused', reason: 'NotReady', message }
  }
  if (existing === null && wish.trigger.kind === 'Webhook' && !state.namesLearned) {
    wake(`names ${state.key}`)
    const message = `the history of ${state.key} is still being read, which tells whether this has run before`
    return { kind: 'Refused', reason: 'NotReady', message }
  }
  if (existing === null && wish.isUnique !== true && (await hasRecord(status, wish.workflow, name))) return { kind: 'Recorded', run: name }
  const obstacle = existing === null ? await obstacleOf(context, state, wish, version.definition) : null
  if (obstacle !== null) return obstacle
  const { kind, object: run } = await startRun(context, state, { ...wish, commit: version.commit }, wake)
  if (isDeepStrictEqual(run.spec.params, wish.params)) return { kind, run }
  return { kind: 'Refused', reason: 'KeyTaken', message: `run ${name} was started with the same key and other params: give another key` }
}

/** What is wrong with a wish, whenever it comes. */
function refusalOf(state: RepositoryState, wish: RunWish): WishAnswer | null {
  if (!state.claimed || state.versions === null) return notFollowedYet(state)
  const version = state.versions.workflows.get(wish.workflow)
  // What a start has found is what was in force before; more may have come since.
  if (version === undefined) return state.look === 'Pending' ? notFollowedYet(state) : unknownWorkflow(state, wish.workflow)
  const params = resolveParams(version.definition.params, wish.params)
  return params.kind === 'Invalid' ? { kind: 'Refused', reason: 'InvalidParams', message: params.problems.join('; ') } : null
}

/** Why nothing that is new may start now. What has its run already is not kept from being told so. */
async function obstacleOf(context: Context, state: RepositoryState, wish: RunWish, workflow: Workflow): Promise<WishAnswer | null> {
  const paused = (await context.runs.readCursors(state.followed.settings.ref))?.paused
  if (paused !== undefined)
    return { kind: 'Refused', reason: 'Paused', message: `${state.key} is ${pauseReason(paused)}; fusee resume starts it again` }
  const suspension = wish.trigger.kind === 'Webhook' ? heldBy(context, state, workflow) : null
  if (suspension !== null) return { kind: 'Refused', reason: 'Suspended', message: `${wish.workflow} does not run: ${suspension}` }
  if (await isHistoryFull(context, state)) {
    return {
      kind: 'Refused',
      reason: 'HistoryFull',
      message: `too many finished runs of ${state.key} wait for their record: nothing new starts until they are on the status branch`,
    }
  }
  return null
}

/** What holds back a run that no person asks for; one that a person asks for runs all the same, as with a suspended CronJob. */
function heldBy(context: Context, state: RepositoryState, workflow: Pick<Workflow, 'name' | 'suspend'>): string | null {
  const suspensions = suspensionsInForce([
    { subject: 'repository', suspend: state.followed.settings.suspend },
    { subject: `workflow ${workflow.name}`, suspend: workflow.suspend },
  ])
  const suspension = suspensionAt(suspensions, context.clock.now())
  return suspension === null ? null : suspensionReason(suspension)
}

function notFollowedYet({ key }: RepositoryState): WishAnswer {
  const message = `${key} is not followed yet: its first look has not ended, or another controller owns its status branch`
  return { kind: 'Refused', reason: 'NotReady', message }
}

function unknownWorkflow(state: RepositoryState, name: string): WishAnswer {
  const names = [...(state.versions?.workflows.keys() ?? [])]
  return {
    kind: 'Refused',
    reason: 'UnknownWorkflow',
    message: `${state.key} has no valid workflow ${JSON.stringify(name)}${didYouMean(name, names)}`,
  }
}
