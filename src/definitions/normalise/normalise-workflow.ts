import type { DraftWorkflow } from '../draft.ts'
import { parseDuration, limitSeconds } from '../duration.ts'
import type { Param, PushTrigger, Retention } from '../workflow.ts'
import type { WrittenParam, WrittenRetention, WrittenTriggers, WrittenWorkflow } from '../written.ts'
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

function normaliseRetention(written: WrittenRetention | undefined): Retention {
  return {
    succeeded: written?.succeeded ?? DEFAULT_RETENTION.succeeded,
    failed: written?.failed ?? DEFAULT_RETENTION.failed,
    maxAgeSeconds: (written?.maxAge === undefined ? null : parseDuration(written.maxAge)) ?? DEFAULT_RETENTION.maxAgeSeconds,
  }
}
