import type { DraftWorkflow } from '../draft.ts'
import { parseDuration, limitSeconds } from '../duration.ts'
import type { Concurrency, Param, PullRequestTrigger, PushTrigger, Retention, WorkflowTrigger } from '../workflow.ts'
import type { WrittenConcurrency, WrittenParam, WrittenRetention, WrittenTriggers, WrittenWorkflow } from '../written.ts'
import { normaliseSuspension } from './normalise-schedule.ts'
import { normaliseSteps } from './normalise-step.ts'

const DEFAULT_RETENTION: Retention = { succeeded: 10, failed: 30, maxAgeSeconds: 90 * 86_400 }

/** A workflow as meant, from a document that nothing is wrong with. */
export function normaliseWorkflow({ metadata, spec }: WrittenWorkflow): DraftWorkflow {
  const defaults = spec.defaults ?? {}
  const { dependsOn: _, ...finallyDefaults } = defaults
  return {
    name: metadata.name,
    labels: metadata.labels ?? {},
    description: spec.description ?? null,
    params: normaliseParams(spec.params ?? {}),
    push: normalisePush(spec.triggers),
    pullRequest: normalisePullRequest(spec.triggers),
    webhooks: (spec.triggers?.webhook ?? []).map(({ name }) => name),
    upstream: (spec.triggers?.workflow ?? []).map(({ name, result }): WorkflowTrigger => ({ workflow: name, result: result ?? null })),
    concurrency: normaliseConcurrency(spec.concurrency),
    expect: {
      successWithinSeconds: limitSeconds(spec.expect?.successWithin, null),
      durationSeconds: limitSeconds(spec.expect?.duration, null),
    },
    suspend: normaliseSuspension(spec.suspend),
    timeoutSeconds: limitSeconds(spec.timeout, null),
    retention: normaliseRetention(spec.retention),
    failFast: spec.failFast ?? false,
    maxParallel: spec.maxParallel ?? null,
    steps: normaliseSteps(spec.steps, { defaults, chain: spec.chain === true ? 'Succeeded' : null }),
    // What cleans up runs in the order written, but never only because what came before it went well.
    finally: normaliseSteps(spec.finally ?? [], { defaults: finallyDefaults, chain: spec.chain === true ? 'Always' : null }),
  }
}

/** Declared parameters as meant. */
export function normaliseParams(params: Record<string, WrittenParam>): Record<string, Param> {
  return Object.fromEntries(
    Object.entries(params).map(([name, written]): [string, Param] => [
      name,
      { ...written, type: written.type ?? 'string', required: written.required ?? false },
    ]),
  )
}

/** `push:` with nothing below it is every push. */
function normalisePush(triggers: WrittenTriggers | undefined): PushTrigger | null {
  const push = triggers?.push
  if (push === undefined) return null
  return { paths: push?.paths ?? [], commits: push?.commits ?? 'Latest' }
}

/** Likewise; what is closed without having been merged starts nothing unless it is asked for. */
function normalisePullRequest(triggers: WrittenTriggers | undefined): PullRequestTrigger | null {
  const written = triggers?.pullRequest
  if (written === undefined) return null
  return { paths: written?.paths ?? [], on: written?.on ?? ['Opened', 'Updated'] }
}

const DEFAULT_QUEUE = 100

function normaliseConcurrency(written: WrittenConcurrency | undefined): Concurrency {
  return { policy: written?.policy ?? 'Allow', group: written?.group ?? null, limit: written?.limit ?? DEFAULT_QUEUE }
}

function normaliseRetention(written: WrittenRetention | undefined): Retention {
  return {
    succeeded: written?.succeeded ?? DEFAULT_RETENTION.succeeded,
    failed: written?.failed ?? DEFAULT_RETENTION.failed,
    maxAgeSeconds: (written?.maxAge === undefined ? null : parseDuration(written.maxAge)) ?? DEFAULT_RETENTION.maxAgeSeconds,
  }
}
