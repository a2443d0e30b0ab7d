import type { ScheduleDraft, TemplateDraft, WorkflowDraft } from './draft.ts'
import { draftTemplate } from './draft-template.ts'
import { draftSchedule, draftWorkflow } from './draft-documents.ts'
import type { ExpressionLanguage } from './expressions/language.ts'
import { identifyDocument } from './identify.ts'
import { compareProblems, MOST_FINDINGS, type Finding, type Problem } from './problem.ts'
import { DOCUMENT_RULES, SCHEDULE_RULES, STEP_RULES, TEMPLATE_RULES, WORKFLOW_RULES } from './rules/all-rules.ts'
import { selectNewSteps, type QuietSteps } from './rules/new-steps.ts'
import type { Rule } from './rules/rule.ts'
import { schemaFindings } from './schema/schema-findings.ts'
import type { DefinitionKind, SchemaCheck } from './schema/validators.ts'
import { declaredNames } from './declared-names.ts'
import { decodeText } from './source/decode-text.ts'
import { parseDocuments } from './source/parse-documents.ts'
import { childOf, textOf, type SourceDocument } from './source/source-node.ts'
import { viewTemplate, viewWorkflow, type WorkflowSource } from './workflow-source.ts'

/** All that one file says, whatever its path: equal content gives an equal analysis, which is why it can be kept. */
export interface FileAnalysis {
  problems: Problem[]
  workflows: WorkflowDraft[]
  schedules: ScheduleDraft[]
  templates: TemplateDraft[]
  /** Whether a document is one of ours, or nearly so. */
  isOurs: boolean
  /** Whether a part of it could not be read. */
  isUnreadable: boolean
  /** Names of workflows that seem to be declared in what could not be read. */
  lostWorkflows: string[]
}

/** What checking needs beside the text. */
export interface AnalysisTools {
  schemaCheck: SchemaCheck
  language: ExpressionLanguage
  quietSteps: QuietSteps
}

/** Reads and checks a file. Never throws, whatever the bytes are. */
export function analyseFile(bytes: Uint8Array, tools: AnalysisTools): FileAnalysis {
  const analysis: FileAnalysis = { problems: [], workflows: [], schedules: [], templates: [], isOurs: false, isUnreadable: false, lostWorkflows: [] }
  const decoded = decodeText(bytes)
  if (decoded.kind === 'Refused') {
    const problem: Problem = { line: 1, column: 1, severity: 'error', rule: decoded.rule, message: decoded.message }
    return { ...analysis, problems: [problem], isUnreadable: true }
  }
  const parsed = parseDocuments(decoded.text)
  analysis.problems.push(...parsed.problems)
  analysis.isUnreadable = parsed.isUnreadable
  if (parsed.isUnreadable) analysis.lostWorkflows.push(...declaredNames(decoded.text))
  for (const document of parsed.documents) addDocument(analysis, document, tools)
  analysis.problems = bounded(analysis.problems.sort(compareProblems))
  return analysis
}

function addDocument(analysis: FileAnalysis, document: SourceDocument, tools: AnalysisTools): void {
  const identity = identifyDocument(document)
  switch (identity.kind) {
    case 'Foreign':
      return
    case 'NearMiss': {
      const name = textOf(childOf(document.root, 'metadata', 'name'))
      analysis.isOurs = true
      analysis.problems.push(problemOf(document, identity, identity.finding))
      if (name !== null && identity.severity === 'error') analysis.lostWorkflows.push(name)
      return
    }
    case 'Workflow':
    case 'Schedule':
    case 'StepTemplate':
      analysis.isOurs = true
      addDefinition(analysis, document, identity.kind, tools)
  }
}

function addDefinition(analysis: FileAnalysis, document: SourceDocument, kind: DefinitionKind, tools: AnalysisTools): void {
  const schema = schemaFindings(document.root, tools.schemaCheck(kind, document.root.json))
  const problems = schema.findings.map((finding) => problemOf(document, { rule: finding.rule, severity: 'error' }, finding))
  const add = <Source>(rules: readonly Rule<Source>[], source: Source) => problems.push(...checkRules(document, rules, source))
  add(DOCUMENT_RULES, document)
  const isValid = () => !document.isFaulty && problems.every(({ severity }) => severity !== 'error')
  if (kind === 'Workflow') {
    const workflow = viewWorkflow(document, schema, tools.language)
    add(WORKFLOW_RULES, workflow)
    problems.push(...checkSteps(workflow, tools.quietSteps))
    for (const schedule of workflow.schedules) add(SCHEDULE_RULES, schedule)
    analysis.workflows.push(...draftWorkflow(workflow, isValid()))
  } else if (kind === 'StepTemplate') {
    const template = viewTemplate(document, schema, tools.language)
    add(TEMPLATE_RULES, template)
    analysis.templates.push(...draftTemplate(template, isValid()))
  } else {
    add(SCHEDULE_RULES, { document, spec: childOf(document.root, 'spec') })
    analysis.schedules.push(...draftSchedule(document, schema.damaged, isValid()))
  }
  analysis.problems.push(...problems)
}

/** By the rules that look at each step by itself. */
function checkSteps(workflow: WorkflowSource, quiet: QuietSteps): Problem[] {
  const selected = selectNewSteps(workflow, quiet)
  if (!selected) return []
  const found = checkRules(workflow.document, STEP_RULES, selected.view)
  if (found.length === 0) selected.noteQuiet()
  return found
}

function checkRules<Source>(document: SourceDocument, rules: readonly Rule<Source>[], source: Source): Problem[] {
  return rules.flatMap((rule) => rule.check(source).map((finding) => problemOf(document, { rule: rule.id, severity: rule.severity }, finding)))
}

function problemOf(document: SourceDocument, { rule, severity }: { rule: string; severity: Problem['severity'] }, finding: Finding): Problem {
  return { ...document.positionAt(finding.at), severity: finding.severity ?? severity, rule, message: finding.message }
}

/** A file that is wrong throughout says so once more instead of thousands of times. */
function bounded(problems: Problem[]): Problem[] {
  const last = problems[MOST_FINDINGS]
  if (!last) return problems
  const message = `${problems.length - MOST_FINDINGS} more problems in this file are not shown; mend those above first`
  return [...problems.slice(0, MOST_FINDINGS), { line: last.line, column: last.column, severity: 'error', rule: 'too-many-problems', message }]
}
