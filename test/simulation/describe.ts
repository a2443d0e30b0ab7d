import type { ClusterChange } from '../../src/cluster/simulated/changes.ts'
import { stepKey } from '../../src/runs/step-key.ts'
import type { Happening } from './scenario.ts'

/** A line of the trace. */
export function describeHappening(happening: Happening): string {
  return `happens ${JSON.stringify({ ...happening, atMs: undefined })}`
}

/** A line of the trace. */
export function describeChange(change: ClusterChange): string {
  switch (change.kind) {
    case 'Run': {
      const { name } = (change.after ?? change.before ?? { metadata: { name: '' } }).metadata
      if (change.after === null) return `run ${name} gone`
      const { status, spec, metadata } = change.after
      const steps = status?.steps.map((step) => `${stepKey(step)}:${step.state}${step.result === undefined ? '' : `=${step.result}`}`).join(' ') ?? ''
      const marks = [metadata.deletionTimestamp && 'deleting', spec.cancel && 'cancel', status?.recorded && 'recorded'].filter(Boolean).join(' ')
      return `run ${name} ${change.before === null ? `created ${spec.fate ?? spec.trigger.kind}` : (status?.phase ?? 'Pending')} ${status?.result ?? ''} ${marks} ${steps}`
    }
    case 'Cursors': {
      const { lastCommit, schedules, fates } = change.after
      const judgedUpTo = Object.entries(schedules).map(([name, cursor]) => `${name}@${cursor.judgedUpTo}`)
      return `cursors ${lastCommit?.slice(0, 7)} ${judgedUpTo.join(' ')} fates ${fates.map((fate) => `${fate.schedule}@${fate.at}=${fate.fate}`).join(' ')}`
    }
    case 'Job': {
      const { name } = (change.after ?? change.before ?? { metadata: { name: '' } }).metadata
      if (change.after === null) return `job ${name} gone`
      const { metadata, status } = change.after
      return `job ${name} ${change.before === null ? 'created' : ''} ${metadata.deletionTimestamp ? 'deleting' : ''} ${metadata.finalizers?.length ?? 0} ${JSON.stringify(status?.conditions?.map(({ type, reason }) => `${type} ${reason}`) ?? [])}`
    }
    case 'Pod':
      return `pod ${change.after.metadata.name} ${change.after.status.phase}`
  }
}
