import { FUSEE_AUTHOR } from '../../git/build-commit.ts'
import type { StoredCommit, TrustedKeys } from '../../git/ports.ts'
import { SKIP_CI } from '../commit-message.ts'
import { pathSegment } from '../paths.ts'
import { checkMessage } from './check-message.ts'
import { checkOwner } from './check-owner.ts'
import { checkRecords } from './check-records.ts'
import { checkState } from './check-state.ts'
import { checkTicks } from './check-ticks.ts'
import { kindOf, type Complain, type KnownChange, type Ledger } from './ledger.ts'

/** Checks one commit on top of what the ledger knows, and adds it to that. */
export async function checkCommit(ledger: Ledger, commit: StoredCommit, keys: TrustedKeys | null): Promise<void> {
  const complain: Complain = (rule, path, message) => ledger.findings.push({ rule, commit: commit.id, path, message })
  checkOrigin(commit, complain)
  await checkSignature(ledger, commit, keys, complain)
  const changes = (await ledger.log.changes(commit.parents[0] ?? null, commit.id)).map((change) => ({ ...change, kind: kindOf(change.path) }))
  for (const { path } of changes.filter(({ kind }) => kind === 'foreign'))
    complain('foreign-path', path, 'this file is none of the status branch: nothing but what Fusee writes below history/ belongs there')
  const records = await checkRecords(ledger, changes, complain)
  const days = await checkTicks(ledger, changes, complain)
  checkMessage(commit, records, days.length > 0, complain)
  await checkOwner(ledger, commit, changes, complain)
  await checkState(ledger, changes, { records, days }, complain)
  checkExplained(changes, { workflows: new Set([...records, ...days].map(({ workflow }) => pathSegment(workflow))), commit }, complain)
}

function checkOrigin({ parents, author, committer, message }: StoredCommit, complain: Complain): void {
  if (parents.length > 1)
    complain('foreign-commit', null, `it merges ${parents.slice(1).join(', ')} into the branch: Fusee only ever adds one commit to the last`)
  const foreigner = [author, committer].find(({ name, email }) => name !== FUSEE_AUTHOR.name || email !== FUSEE_AUTHOR.email)
  if (foreigner !== undefined)
    complain('foreign-commit', null, `it is by ${foreigner.name} <${foreigner.email}>, not by ${FUSEE_AUTHOR.name} <${FUSEE_AUTHOR.email}>`)
  else if (author.atSeconds !== committer.atSeconds)
    complain('foreign-commit', null, 'it was committed again after it was made: author and committer have different times')
  const subject = message.split('\n')[0] ?? ''
  if (!subject.endsWith(` ${SKIP_CI}`))
    complain('foreign-commit', null, `Fusee does not write such a message: ${JSON.stringify(subject.slice(0, 80))}`)
}

async function checkSignature(ledger: Ledger, commit: StoredCommit, keys: TrustedKeys | null, complain: Complain): Promise<void> {
  const { signature, payload, committer } = commit
  if (signature === null) {
    if (keys !== null) complain('signature-missing', null, 'it is not signed')
    else if (ledger.isSigned) complain('signature-missing', null, 'it is not signed, though commits before it are')
    return
  }
  ledger.isSigned = true
  if (keys === null) return
  const verdict = await keys.judge(signature, payload, committer.atSeconds)
  if (verdict.kind === 'Bad') complain('signature-bad', null, `its signature is not good: ${verdict.reason}`)
  if (verdict.kind === 'Untrusted')
    complain('signature-untrusted', null, `it is signed by the key ${verdict.key}, which is not among those that are trusted`)
}

/** Pages and state change with the records and ticks of their workflow, and in no other way. */
function checkExplained(changes: readonly KnownChange[], why: { workflows: ReadonlySet<string>; commit: StoredCommit }, complain: Complain): void {
  const isBegin = why.commit.message.startsWith(`Begin anew ${SKIP_CI}`)
  for (const { path, from, kind } of changes) {
    const [, folder = '', file = ''] = path.split('/')
    const workflow = kind === 'workflow-page' ? folder : kind === 'state' ? file.replace(/\.json$/, '') : null
    if (workflow !== null && !why.workflows.has(workflow))
      complain('unexplained-change', path, `it changes without a record or a tick of ${workflow} in the same commit`)
    if ((kind === 'overview' || kind === 'overview-page') && why.workflows.size === 0 && !(isBegin && (kind === 'overview-page' || from === null)))
      complain('unexplained-change', path, 'it changes without any record or tick in the same commit')
  }
  if (changes.length === 0) complain('foreign-commit', null, 'it changes nothing')
}
