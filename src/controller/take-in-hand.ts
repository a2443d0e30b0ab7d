import type { Context } from '../context.ts'
import { FINALIZER, LABELS } from '../runs/objects.ts'
import type { StoredRun } from '../runs/run.ts'
import { isHistoryFull } from './history-full.ts'
import type { RepositoryState } from './repository.ts'

/**
 * Makes a Run that a person has created one of ours: labels, the finalizer that holds it until it is recorded, and, where they named none, the
 * newest commit at which the workflow was valid. Returns it as it is then; null while that commit is not known yet, and while nothing new may start.
 */
export async function takeInHand(context: Context, state: RepositoryState, run: StoredRun): Promise<StoredRun | null> {
  const { namespace, deletionTimestamp, finalizers = [], labels } = run.metadata
  if (run.status !== undefined || (finalizers.includes(FINALIZER) && run.spec.commit !== '')) return run
  // Nothing has begun, and nothing is left of it.
  if (deletionTimestamp !== undefined) return null
  if (await isHistoryFull(context, state)) return null
  // A workflow that is nowhere is looked for at the tip, and said to be missing there.
  const commit = run.spec.commit === '' ? (state.versions?.workflows.get(run.spec.workflow)?.commit ?? state.tip) : run.spec.commit
  if (commit === null) return null
  const ours = { [LABELS.managedBy]: 'fusee', [LABELS.repository]: run.spec.repository, [LABELS.workflow]: run.spec.workflow }
  const taken = { ...run.metadata, finalizers: [...new Set([...finalizers, FINALIZER])], labels: { ...labels, ...ours } }
  const stored = await context.writeSite('run-created', () => context.runs.updateRun({ ...run, metadata: taken, spec: { ...run.spec, commit } }))
  context.report({ kind: 'RunCreated', repository: `${namespace}/${run.spec.repository}`, run: stored })
  return stored
}
