import type { Finding, Problem } from '../problem.ts'
import type { SourceDocument } from '../source/source-node.ts'
import type { ScheduleSource, WorkflowSource } from '../workflow-source.ts'

/** Something that the schema cannot say. It looks at what is there, right or wrong, and stays silent about what the schema says already. */
export interface Rule<Source> {
  /** Stable: users silence and search by it. */
  id: string
  severity: Problem['severity']
  check(source: Source): Finding[]
}

/** A rule for any document of ours. */
export type DocumentRule = Rule<SourceDocument>

/** A rule for a Workflow document. */
export type WorkflowRule = Rule<WorkflowSource>

/** A rule for a Schedule document, and for a schedule among a workflow's triggers. */
export type ScheduleRule = Rule<ScheduleSource>
