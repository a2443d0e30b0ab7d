import type { Context } from '../context.ts'
import { hasRecord, readStarted } from '../history/read.ts'
import type { StartedRun } from '../history/overview.ts'
import type { StatusBranch } from '../git/ports.ts'
import type { Cursors, LostTick, TickFate } from '../runs/run.ts'
import type { RunRequest } from '../triggers/run-request.ts'
import type { RepositoryState } from './repository.ts'
import type { Versions } from './versions.ts'

const REASON = 'its run had started when the cluster was lost, and has no record'

/**
 * What a controller that carries on from the status branch has to know of the one before it: the ticks whose runs it had started
 * and not recorded, and that are not here. Others that it had started are only told of: nobody may run them again.
 */
export async function findLost(context: Pick<Context, 'report' | 'runs'>, state: RepositoryState, status: StatusBranch): Promise<LostTick[]> {
  const { namespace, name: repository } = state.followed.settings.ref
  const here = new Set((await context.runs.listRuns({ namespace, repository })).map(({ metadata }) => metadata.name))
  const away = (await readStarted(status)).filter(({ run }) => !here.has(run))
  // One that was recorded just before the loss may still be told of as started: whoever recorded it had no time to note that.
  const areRecorded = await Promise.all(away.map(({ workflow, run }) => hasRecord(status, workflow, run)))
  const started = away.filter((_, index) => !areRecorded[index])
  if (started.length > 0) context.report({ kind: 'RunsLost', repository: state.key, runs: started.map(({ run }) => run) })
  return started.flatMap(({ run, workflow, trigger }: StartedRun) =>
    trigger.kind === 'Schedule' ? [{ schedule: trigger.schedule, workflow, at: trigger.tick, run }] : [],
  )
}

/** What becomes of lost ticks: each is Lost, and those whose schedule wishes it are run again, under the same name. */
export function planLost(lost: readonly LostTick[], versions: Versions): { requests: RunRequest[]; fates: TickFate[] } {
  const requests: RunRequest[] = []
  const fates = lost.map(({ schedule: name, workflow, at, run }): TickFate => {
    const schedule = versions.schedules.get(name)?.definition
    const version = versions.workflows.get(workflow)
    const isWished = schedule?.afterLoss === 'Rerun' && schedule.workflow === workflow && version !== undefined
    if (isWished)
      requests.push({ workflow, commit: version.commit, trigger: { kind: 'Schedule', schedule: name, tick: at }, params: schedule.params })
    const reason = isWished ? `${REASON}; it is run again, since afterLoss is Rerun` : REASON
    return { schedule: name, workflow, at, fate: 'Lost', reason, run }
  })
  return { requests, fates }
}

/** The cursors when no tick is lost any more. */
export function withoutLost({ lost: _, ...cursors }: Cursors): Cursors {
  return cursors
}
