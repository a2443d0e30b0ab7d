/** What can be wrong with a status branch; the words are stable. */
export type Rule =
  /** A commit that Fusee does not write: by somebody else, with several parents, with another message. */
  | 'foreign-commit'
  /** A commit touches a file that is not of the status branch. */
  | 'foreign-path'
  /** A commit changes pages or state that its records do not explain. */
  | 'unexplained-change'
  /** The branch is not a continuation of a commit that it was at. */
  | 'rewritten'
  /** The clone does not reach back to the beginning. */
  | 'shallow'
  /** A commit or a file cannot be read, or does not have the content that its id stands for. */
  | 'unreadable'
  | 'signature-missing'
  | 'signature-bad'
  | 'signature-untrusted'
  /** A file where a record belongs that is none. */
  | 'record-malformed'
  | 'record-changed'
  | 'record-removed'
  /** A record lies where another belongs. */
  | 'record-misplaced'
  /** A reviewed copy of the record is another. */
  | 'record-differs'
  | 'page-changed'
  | 'page-missing'
  /** A page tells something else than what it is made of. */
  | 'page-differs'
  /** What a commit's message says is not what it holds. */
  | 'message-differs'
  | 'ticks-malformed'
  | 'ticks-changed'
  | 'ticks-removed'
  | 'owner-changed'
  /** The state of a workflow, or the overview, does not fit what is recorded. */
  | 'state-differs'
  /** The copy of a cursor goes back: whoever carried on from it would run again what has run. */
  | 'cursor-moved-back'

/** One thing that is wrong: what, and where. */
export interface Finding {
  rule: Rule
  /** The commit that brought it; null for what shows at the tip only. */
  commit: string | null
  path: string | null
  message: string
}
