import { pageAge } from '../markdown.ts'
import { pathBeside, pathOfRecord } from '../paths.ts'
import { encodeRecord, type RunRecord } from '../record.ts'
import { recordPage, resultsOf } from '../record-page.ts'
import { type Complain, type KnownChange, type KnownRecord, type Ledger, readText, tryRecord } from './ledger.ts'

/** A record that a commit brings, and whether it lies beside that of another run of the same name. */
export type AddedRecord = RunRecord & { isBeside: boolean }

/** Checks the records and their pages that a commit brings, and that it leaves all others alone. Returns the new records. */
export async function checkRecords(ledger: Ledger, changes: readonly KnownChange[], complain: Complain): Promise<AddedRecord[]> {
  const added: AddedRecord[] = []
  const pages = new Map(changes.filter(({ kind }) => kind === 'page').map((change) => [change.path.replace(/\.md$/, ''), change]))
  for (const { path, from, to, kind } of changes) {
    if (kind !== 'record') continue
    const base = path.replace(/\.json$/, '')
    const before = from === null ? null : tryRecord(await readText(ledger.log, from))
    if (to === null) {
      complain(
        'record-removed',
        path,
        before === null || typeof before === 'string' ? 'it is removed' : `the record of ${before.run} (${before.result}) is removed`,
      )
      ledger.records.delete(base)
      continue
    }
    const text = await readText(ledger.log, to)
    const record = tryRecord(text)
    if (from !== null && from === to) complain('record-changed', path, 'it is no ordinary file any more')
    if (before !== null && typeof before !== 'string') complain('record-changed', path, describeChange(before, record))
    else if (typeof record === 'string') complain('record-malformed', path, record)
    else if (pathOfRecord(record) !== base && pathBeside(record) !== base)
      complain('record-misplaced', path, `the record in it belongs to ${pathOfRecord(record)}.json`)
    else {
      if (encodeRecord(record) !== text) complain('record-malformed', path, 'it is not laid out as Fusee does it: a field may stand there twice')
      added.push({ ...record, isBeside: pathOfRecord(record) !== base })
      await checkPage(ledger, base, record, pages.get(base)?.to ?? null, complain)
      pages.delete(base)
    }
    if (typeof record !== 'string') ledger.records.set(base, known(record))
  }
  for (const [base, { path, from, to }] of pages) {
    if (to === null && !ledger.records.has(base)) continue
    complain(
      'page-changed',
      path,
      to === null ? 'the page of a record is removed' : from === null ? 'a page without a record in the same commit' : 'the page of a record changes',
    )
  }
  return added
}

/** A branch may hold hundreds of thousands. */
function known({ run, workflow, repository, trigger, createdAt, result, commit }: RunRecord): KnownRecord {
  return { run, workflow, repository, trigger, createdAt, result, commit }
}

function describeChange(before: RunRecord, after: RunRecord | string): string {
  if (typeof after === 'string') return `the record of ${before.run} is no record any more: ${after}`
  const fields = Object.keys({ ...before, ...after }).filter(
    (key) => JSON.stringify(before[key as keyof RunRecord]) !== JSON.stringify(after[key as keyof RunRecord]),
  )
  const told = fields.includes('result') ? `: ${before.result} becomes ${after.result}` : ''
  return `the record of ${before.run} changes (${fields.length === 0 ? 'its layout' : fields.join(', ')})${told}`
}

async function checkPage(ledger: Ledger, base: string, record: RunRecord, id: string | null, complain: Complain): Promise<void> {
  const path = `${base}.md`
  if (id === null) return complain('page-missing', path, `the record of ${record.run} comes without its page`)
  const page = await readText(ledger.log, id)
  const age = pageAge(page)
  if (age === 'Older' || age === 'Newer') {
    ledger.otherPages++
    return
  }
  const graph = /\n## Steps\n\n(```mermaid\n[^`]*\n```)\n/.exec(page)?.[1] ?? null
  const wrong = graph === null ? null : wrongNode(graph, record)
  if (wrong !== null) return complain('page-differs', path, `its picture shows ${wrong}, the record does not`)
  if (page !== recordPage(record, graph, base.slice(base.lastIndexOf('/') + 1)))
    complain('page-differs', path, `it does not tell what the record of ${record.run} says`)
}

const LINE =
  /^(flowchart LR| {2}subgraph last \[finally\]| {2}end| {2}style last [\w:#,]+| {2}classDef \w+ [\w:#,-]+| {2}s\d+ (-->|-\.->)(\|\w+\|)? (s\d+|last)| {2,4}s\d+\["[^"]*"\](:::\w+)?|```(mermaid)?)$/

/** A node of the picture that says something else than the record; null when there is none. */
function wrongNode(graph: string, record: RunRecord): string | null {
  const results = resultsOf(record.steps)
  for (const line of graph.split('\n')) {
    if (!LINE.test(line)) return JSON.stringify(line)
    const [, name, shown = null] = /s\d+\["([^"]*)"\](?::::(\w+))?/.exec(line) ?? []
    if (name !== undefined && (results.get(name) ?? shown) !== shown) return `${name} as ${shown ?? 'not ended'}`
  }
  return null
}
