import type { CommitLog, TreeChange } from '../../git/ports.ts'
import type { Overview } from '../overview.ts'
import type { Owner } from '../owner-file.ts'
import { parseRecord, RecordError, type RunRecord } from '../record.ts'
import type { WorkflowState } from '../state.ts'
import type { Finding, Rule } from './finding.ts'

/** What is kept in mind of a record. */
export type KnownRecord = Pick<RunRecord, 'run' | 'workflow' | 'repository' | 'trigger' | 'createdAt' | 'result' | 'commit'>

/** What the branch holds as of one commit, and what was found so far. */
export interface Ledger {
  log: CommitLog
  /** Records by path, without `.json`; null for one that was not read. */
  records: Map<string, KnownRecord | null>
  /** State of the workflows by path; null for one that cannot be read. */
  states: Map<string, WorkflowState | null>
  /** Null for none, and for one that cannot be read. */
  overview: Overview | null
  /** Owner as of the commit before; null for none. */
  owner: Owner | null
  /** Whether a commit before was signed. */
  isSigned: boolean
  /** Pages of another format than this version makes: they cannot be compared. */
  otherPages: number
  findings: Finding[]
}

/** Notes what is wrong in a commit. */
export type Complain = (rule: Rule, path: string | null, message: string) => void

/** Paths of the status branch, by what they are. */
export type PathKind = 'record' | 'page' | 'ticks' | 'owner' | 'overview' | 'state' | 'workflow-page' | 'overview-page' | 'foreign'

const KINDS: readonly (readonly [PathKind, RegExp])[] = [
  ['ticks', /^history\/[^/]+\/\d{4}\/\d\d\/\d\d\/ticks\.json$/],
  ['record', /^history\/[^/]+\/\d{4}\/\d\d\/\d\d\/[^/]+\.json$/],
  ['page', /^history\/[^/]+\/\d{4}\/\d\d\/\d\d\/[^/]+\.md$/],
  ['owner', /^history\/state\/owner\.json$/],
  ['overview', /^history\/state\/overview\.json$/],
  ['state', /^history\/state\/[^/]+\.json$/],
  ['workflow-page', /^history\/(?!state\/)[^/]+\/README\.md$/],
  ['overview-page', /^history\/README(-\d+)?\.md$/],
]

/** What lies at a path. */
export function kindOf(path: string): PathKind {
  return KINDS.find(([, pattern]) => pattern.test(path))?.[0] ?? 'foreign'
}

/** A changed file and what it is. */
export interface KnownChange extends TreeChange {
  kind: PathKind
}

/** Text of a blob. */
export async function readText(log: CommitLog, id: string): Promise<string> {
  return new TextDecoder().decode(await log.blob(id))
}

/** The record in a text; what is wrong with it when it is none. */
export function tryRecord(text: string): RunRecord | string {
  try {
    return parseRecord(text)
  } catch (error) {
    if (error instanceof RecordError) return error.message
    throw error
  }
}
