import type { StatusBranch } from '../git/ports.ts'
import type { StoredRun } from '../runs/run.ts'
import { besideRecordPath, recordPath } from './paths.ts'

/**
 * Those of the runs whose record is not on the branch, at the tip last fetched or written. Looks at the folders of their days and at no
 * file, so it costs what the cluster holds and not what the branch does.
 */
export async function missingRuns(status: StatusBranch, runs: readonly StoredRun[]): Promise<StoredRun[]> {
  const folders = new Map<string, ReadonlySet<string>>()
  const missing: StoredRun[] = []
  for (const run of runs) {
    const path = `${run.status?.recorded?.beside === true ? besideRecordPath(run) : recordPath(run)}.json`
    const slash = path.lastIndexOf('/')
    const folder = path.slice(0, slash)
    const names = folders.get(folder) ?? new Set(await status.list(folder))
    folders.set(folder, names)
    if (!names.has(path.slice(slash + 1))) missing.push(run)
  }
  return missing
}
