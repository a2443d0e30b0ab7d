import { isOwnLabel } from '../objects.ts'
import type { Board } from './board.ts'

/** Labels put on a Run spread to the Jobs that it has; what is taken off it stays on them, since a manifest may have said it too. */
export function relabelJobs({ entries, run, plan }: Board): void {
  const labels = Object.entries(run.metadata.labels ?? {}).filter(([name]) => !isOwnLabel(name))
  if (labels.length === 0) return
  for (const { observation } of entries) {
    if (observation === null) continue
    const { job } = observation
    const missing = labels.filter(([name, value]) => job.metadata.labels?.[name] !== value)
    if (missing.length > 0) plan.relabel.push({ job, labels: Object.fromEntries(missing) })
  }
}
