import type { Context, FollowedRepository } from '../context.ts'
import { createDefinitionCache } from '../definitions/definition-cache.ts'
import { createSchemaCheck } from '../definitions/schema/validators.ts'
import { createCronCache } from '../triggers/cron.ts'
import { createQueue } from './admit.ts'
import type { RepositoryState } from './repository.ts'
import { createSlots } from './slots.ts'

/** Begins to know a Repository; `signal` aborts once it is not followed any more, `wakeRun` asks for one of its runs to be looked at. */
export type CreateState = (followed: FollowedRepository, signal: AbortSignal, wakeRun: (run: string) => void) => RepositoryState

/** For all Repositories of one controller. Each has definitions of its own; the schemas are compiled once. */
export function createStates(context: Context): CreateState {
  const schemaCheck = context.definitionCache?.schemaCheck ?? createSchemaCheck()
  return (followed, signal, wakeRun) => {
    const { namespace, name } = followed.settings.ref
    return {
      followed,
      key: `${namespace}/${name}`,
      signal,
      claimed: false,
      ownerRead: false,
      look: 'Pending',
      tip: null,
      versions: null,
      versionsAnew: false,
      versionsOf: null,
      namesLearned: false,
      definitionCache: context.definitionCache ?? createDefinitionCache(undefined, schemaCheck),
      pause: context.clock.pause?.bind(context.clock),
      cronCache: createCronCache(),
      knownTicks: null,
      slots: createSlots(followed.settings.maxParallelSteps, wakeRun),
      queue: createQueue(),
      told: new Set(),
      uncovered: new Set(),
      followedUp: new Set(),
      recentFates: [],
      freshSince: new Map(),
      freshRead: new Set(),
      expects: false,
      sinceMs: context.clock.now(),
      problems: new Map(),
      fatesSinceMs: null,
      review: '',
      history: { knownTip: null, checkAtMs: 0 },
      recordsNotBeforeMs: 0,
      historyFailures: 0,
    }
  }
}
