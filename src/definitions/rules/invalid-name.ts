import { childOf, type SourceDocument } from '../source/source-node.ts'
import type { ScheduleSource, WorkflowSource } from '../workflow-source.ts'
import { checkDnsLabel } from './dns-label.ts'
import type { DocumentRule, ScheduleRule, WorkflowRule } from './rule.ts'

const id = 'invalid-name'
const severity = 'error'

/** Names of documents are DNS labels: they become labels, parts of object names, and folders. */
export const invalidDocumentName: DocumentRule = {
  id,
  severity,
  check: (document: SourceDocument) => checkDnsLabel(childOf(document.root, 'metadata', 'name'), 'the name'),
}

/** Names of steps are DNS labels: they become parts of the names of Jobs. */
export const invalidStepName: WorkflowRule = {
  id,
  severity,
  check: ({ steps, finally: last }: WorkflowSource) =>
    [...steps, ...last].flatMap((step) => checkDnsLabel(childOf(step.node, 'name'), 'the step name')),
}

/** Names of schedules inside a workflow become part of the schedule's name. */
export const invalidScheduleName: ScheduleRule = {
  id,
  severity,
  check: ({ spec }: ScheduleSource) => checkDnsLabel(childOf(spec, 'name'), 'the schedule name'),
}
