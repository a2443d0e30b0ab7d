import type { TreeChange } from '../../git/ports.ts'
import { pageAge } from '../markdown.ts'
import { overviewPages } from '../overview-page.ts'
import { overviewPagePath, OVERVIEW_PATH, pathBeside, pathOfRecord, STATE_FOLDER, statePath, workflowPagePath } from '../paths.ts'
import { newestFirst, type WorkflowState } from '../state.ts'
import { workflowPage } from '../workflow-page.ts'
import { type Complain, type KnownRecord, kindOf, type Ledger, readText, tryRecord } from './ledger.ts'

/** Checks that pages and state at the tip tell what the records say. `files` is all that lies there. */
export async function checkTip(ledger: Ledger, files: readonly TreeChange[]): Promise<void> {
  const complain: Complain = (rule, path, message) => ledger.findings.push({ rule, commit: null, path, message })
  const ids = new Map(files.flatMap(({ path, to }) => (to === null ? [] : [[path, to] as const])))
  for (const path of ids.keys()) {
    if (kindOf(path) === 'page' && !ids.has(path.replace(/\.md$/, '.json')))
      complain('page-differs', path, 'there is no record of which this is the page')
    if (kindOf(path) === 'record' && !ids.has(path.replace(/\.json$/, '.md')))
      complain('page-missing', path.replace(/\.json$/, '.md'), 'a record has no page')
  }
  checkWhole(ids, complain)
  const newest = newestByWorkflow(ledger)
  for (const state of ledger.states.values()) {
    if (state === null) continue
    await checkRuns(ledger, ids, state, newest.get(state.workflow), complain)
    await comparePage(ledger, ids, workflowPagePath(state.workflow), workflowPage(state), complain)
  }
  const { overview } = ledger
  // Runs may be recorded where no controller has ever claimed the branch.
  const repository = ledger.owner?.repository ?? [...ledger.records.values()].at(-1)?.repository
  if (overview === null || repository === undefined) return
  const pages = overviewPages(repository, overview.workflows)
  for (const [index, page] of pages.entries()) await comparePage(ledger, ids, overviewPagePath(index + 1), page, complain)
  const surplus = [...ids.keys()].filter(
    (path) => kindOf(path) === 'overview-page' && !pages.some((_, index) => overviewPagePath(index + 1) === path),
  )
  for (const path of surplus) complain('page-differs', path, 'there are not so many workflows that there would be such a page')
  for (const row of overview.workflows) {
    const last = newest.get(row.workflow)
    if (last !== undefined && (row.last?.run !== last.run || row.last.result !== last.result))
      complain(
        'state-differs',
        OVERVIEW_PATH,
        `the last run of ${row.workflow} is ${last.run} (${last.result}), not ${row.last === null ? 'none' : `${row.last.run} (${row.last.result})`}`,
      )
  }
}

/** Whatever has records or fates of ticks has state, and what has none has no page. */
function checkWhole(ids: ReadonlyMap<string, string>, complain: Complain): void {
  const folders = new Set<string>()
  for (const path of ids.keys()) {
    const kind = kindOf(path)
    if (kind === 'record' || kind === 'ticks' || kind === 'workflow-page') folders.add(path.split('/')[1] ?? '')
  }
  for (const folder of folders) {
    const path = `${STATE_FOLDER}/${folder}.json`
    if (!ids.has(path)) complain('state-differs', path, `it is not there, though history/${folder} is`)
  }
}

/** Where all records were read: the newest of each workflow. */
function newestByWorkflow({ records }: Ledger): Map<string, KnownRecord> {
  const newest = new Map<string, KnownRecord>()
  for (const record of records.values()) {
    if (record === null) return new Map()
    const other = newest.get(record.workflow)
    if (other === undefined || newestFirst(record, other) < 0) newest.set(record.workflow, record)
  }
  return newest
}

async function checkRuns(
  ledger: Ledger,
  ids: ReadonlyMap<string, string>,
  state: WorkflowState,
  newest: KnownRecord | undefined,
  complain: Complain,
): Promise<void> {
  const path = statePath(state.workflow)
  if (newest !== undefined && state.runs[0]?.run !== newest.run)
    complain('state-differs', path, `its newest run is ${state.runs[0]?.run ?? 'none'}, the newest record is of ${newest.run}`)
  for (const { run, result, commit, trigger, createdAt, beside } of state.runs) {
    const placed = { run, workflow: state.workflow, trigger, createdAt }
    const base = beside === true ? pathBeside(placed) : pathOfRecord(placed)
    const id = ids.get(`${base}.json`)
    if (id === undefined) {
      complain('state-differs', path, `it tells of ${run}, which has no record at ${base}.json`)
      continue
    }
    const read = ledger.records.get(base) ?? tryRecord(await readText(ledger.log, id))
    if (typeof read === 'string' || read.createdAt !== createdAt) continue
    if (read.result !== result || read.commit !== commit)
      complain('state-differs', path, `it says that ${run} ended ${result}, its record says ${read.result}`)
  }
}

async function comparePage(ledger: Ledger, ids: ReadonlyMap<string, string>, path: string, wanted: string, complain: Complain): Promise<void> {
  const id = ids.get(path)
  if (id === undefined) return complain('page-missing', path, 'the page is not there')
  const page = await readText(ledger.log, id)
  const age = pageAge(page)
  // It stays as it is until something new is recorded, and is then written by the newest version that there is.
  if (age === 'Older') ledger.otherPages++
  else if (age === 'Newer')
    complain(
      'page-differs',
      path,
      'it says that a newer version of Fusee made it: verify with the version of the controller, or it was written by hand',
    )
  else if (page !== wanted) complain('page-differs', path, 'it does not tell what the state of the branch says')
}
