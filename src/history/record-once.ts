import type { CommitSha, StatusBranch } from '../git/ports.ts'
import type { StoredRun } from '../runs/run.ts'
import { commitMessage } from './commit-message.ts'
import { emptyOverview, encodeOverview, parseOverview, withRow } from './overview.ts'
import { overviewPages } from './overview-page.ts'
import { parseOwner } from './owner-file.ts'
import { OVERVIEW_PATH, overviewPagePath, OWNER_PATH, recordPath, statePath, workflowPagePath } from './paths.ts'
import { encodeRecord, recordOf, type RunRecord } from './record.ts'
import { recordGraph, recordPage } from './record-page.ts'
import { onNewestTip } from './races.ts'
import { ShapeError } from './shape.ts'
import { emptyState, encodeState, parseState, withRuns } from './state.ts'
import { workflowPage } from './workflow-page.ts'

/**
 * Records one finished run that no controller has started, with one commit on top of wherever the branch is now. Whoever owns the branch
 * goes on owning it, and its cursors stay as they are: nothing but the record and the pages that list it is written. Throws GitError, and
 * ShapeError when a file that has to change cannot be read.
 */
export async function recordOnce(status: StatusBranch, run: StoredRun, signal?: AbortSignal): Promise<CommitSha> {
  const { workflow } = run.spec
  return onNewestTip(status, signal, async (tip) => {
    const state = withRuns(await readParsed(status, statePath(workflow), parseState, emptyState(workflow)), [run])
    const overview = withRow(await readParsed(status, OVERVIEW_PATH, parseOverview, emptyOverview()), state)
    const record = recordOf(run)
    const path = recordPath(run)
    const files = new Map([
      [`${path}.json`, encodeRecord(record)],
      [`${path}.md`, recordPage(record, recordGraph(record, run.status?.definition))],
      [statePath(workflow), encodeState(state)],
      [workflowPagePath(workflow), workflowPage(state)],
      [OVERVIEW_PATH, encodeOverview(overview)],
      ...overviewPages(await repositoryOf(status, record), overview.workflows).map((page, index): [string, string] => [
        overviewPagePath(index + 1),
        page,
      ]),
    ])
    const encoder = new TextEncoder()
    return status.commit(tip, new Map([...files].map(([file, text]) => [file, encoder.encode(text)])), commitMessage([run], []), signal)
  })
}

/** The pages go on telling the name under which the branch is owned. */
async function repositoryOf(status: StatusBranch, record: RunRecord): Promise<string> {
  const bytes = await status.read(OWNER_PATH)
  const owner = bytes === null ? null : parseOwner(new TextDecoder().decode(bytes))
  return owner === null || owner instanceof ShapeError ? record.repository : owner.repository
}

async function readParsed<T>(status: StatusBranch, path: string, parse: (text: string) => T, otherwise: T): Promise<T> {
  const bytes = await status.read(path)
  return bytes === null ? otherwise : parse(new TextDecoder().decode(bytes))
}
