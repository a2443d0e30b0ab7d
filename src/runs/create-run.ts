import { formatTimestamp } from '../clock.ts'
import type { RunRequest } from '../triggers/run-request.ts'
import { runName, triggerIdentity } from './names.ts'
import type { ObjectRef } from './objects.ts'
import { API_VERSION, CREATED_ANNOTATION, FINALIZER, LABELS } from './objects.ts'
import type { Run, StoredRun } from './run.ts'

/**
 * The Run object of a request: its name is derived from the trigger, so that the same request can only ever make one. `createdAtMs` orders it
 * among Runs of the same second; it is no part of what the request is.
 */
export function createRunObject(repository: ObjectRef, request: RunRequest, createdAtMs?: number): Run {
  return {
    apiVersion: API_VERSION,
    kind: 'Run',
    metadata: {
      name: runName(repository, request.workflow, request.trigger, request.commit),
      namespace: repository.namespace,
      labels: { [LABELS.managedBy]: 'fusee', [LABELS.repository]: repository.name, [LABELS.workflow]: request.workflow },
      ...(createdAtMs === undefined ? {} : { annotations: { [CREATED_ANNOTATION]: formatTimestamp(createdAtMs) } }),
      finalizers: [FINALIZER],
    },
    spec: {
      repository: repository.name,
      workflow: request.workflow,
      commit: request.commit,
      trigger: request.trigger,
      params: request.params,
      ...(request.fate === undefined ? {} : { fate: request.fate }),
      ...(request.fateReason === undefined ? {} : { fateReason: request.fateReason }),
      rerunOf: request.rerunOf ?? null,
      ...(request.carriedOver === undefined || request.carriedOver.length === 0 ? {} : { carriedOver: request.carriedOver }),
    },
  }
}

/** Whether a Run that was found under a derived name is of the same trigger, and not of another whose hash happens to be equal. */
export function isSameTrigger(run: Run, existing: StoredRun): boolean {
  const identity = (one: Run): string =>
    JSON.stringify([one.spec.repository, one.spec.workflow, one.spec.trigger.kind, triggerIdentity(one.spec.trigger, one.spec.commit)])
  return identity(run) === identity(existing)
}
