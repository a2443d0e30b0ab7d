import { JOB_RULES } from '../kubernetes/kubernetes-rules.ts'
import { invalidTemplateExpression, misplacedTemplateExpression } from './expressions/template-expressions.ts'
import { constantCondition } from './constant-condition.ts'
import { cronNeverFires } from './cron-never-fires.ts'
import { derivedName } from './derived-names.ts'
import { duplicateDependency } from './duplicate-dependency.ts'
import { duplicateStep } from './duplicate-step.ts'
import { exclusiveFields } from './exclusive-fields.ts'
import { expressionInScript } from './expression-in-script.ts'
import { invalidExpression } from './expressions/invalid-expression.ts'
import { misplacedExpression, misplacedExpressionInStep } from './expressions/misplaced-expression.ts'
import { cachedTag, imageLatest } from './image-tags.ts'
import { invalidImage } from './invalid-image.ts'
import { invalidVariable, variableOverridden } from './invalid-variable.ts'
import { inputWithoutOutput } from './input-without-output.ts'
import { invalidCron } from './invalid-cron.ts'
import { invalidDefault, invalidEnum } from './invalid-default.ts'
import { invalidLabel } from './invalid-label.ts'
import { invalidDocumentName, invalidScheduleName, invalidStepName } from './invalid-name.ts'
import { invalidPattern } from './invalid-pattern.ts'
import { emptyExpansion, matrixTooLarge } from './matrix-limits.ts'
import { missingImage } from './missing-image.ts'
import { neverHolds } from './never-holds.ts'
import { noEffect, noEffectInStep } from './no-effect.ts'
import { noResources } from './no-resources.ts'
import { notSupportedYet, stepNotSupportedYet } from './not-supported-yet.ts'
import { openApproval } from './open-approval.ts'
import { invalidParamName, paramCollision } from './param-names.ts'
import { pathNeverMatches } from './path-never-matches.ts'
import { refusedField } from './refused-field.ts'
import { requiredWithDefault } from './required-with-default.ts'
import { reservedName } from './reserved-name.ts'
import { invalidKeyName } from './result-names.ts'
import type { DocumentRule, ScheduleRule, WorkflowRule } from './rule.ts'
import { stepCycle } from './step-cycle.ts'
import { stepsUnordered } from './steps-unordered.ts'
import { tooManySteps } from './too-many-steps.ts'
import { triggerNeedsParams } from './trigger-needs-params.ts'
import { unknownDependency } from './unknown-dependency.ts'
import { unknownTimeZone } from './unknown-time-zone.ts'
import { unmarkedExpression } from './unmarked-expression.ts'
import { unnamedSchedule } from './unnamed-schedule.ts'
import { duplicateWebhook, invalidWebhookName } from './webhook-names.ts'

/** Rules for every document of ours. */
export const DOCUMENT_RULES: readonly DocumentRule[] = [invalidDocumentName, invalidLabel]

/** Rules for Workflow documents. Those that need other files are where files meet. */
export const WORKFLOW_RULES: readonly WorkflowRule[] = [
  reservedName,
  invalidParamName,
  paramCollision,
  invalidDefault,
  invalidEnum,
  invalidPattern,
  requiredWithDefault,
  triggerNeedsParams,
  unnamedSchedule,
  tooManySteps,
  duplicateStep,
  unknownDependency,
  duplicateDependency,
  stepCycle,
  stepsUnordered,
  misplacedExpression,
  invalidExpression,
  neverHolds,
  inputWithoutOutput,
  matrixTooLarge,
  invalidWebhookName,
  duplicateWebhook,
  derivedName,
  pathNeverMatches,
  noEffect,
  notSupportedYet,
]

/**
 * Rules that look at steps one by one: whether they have something against a step depends on what it and `defaults` say, and on nothing around it. So a
 * step in which they found nothing is not looked at again where it is the same.
 */
export const STEP_RULES: readonly WorkflowRule[] = [
  invalidStepName,
  exclusiveFields,
  refusedField,
  missingImage,
  expressionInScript,
  misplacedExpressionInStep,
  unmarkedExpression,
  constantCondition,
  emptyExpansion,
  invalidKeyName,
  ...JOB_RULES,
  invalidVariable,
  variableOverridden,
  invalidImage,
  noEffectInStep,
  openApproval,
  imageLatest,
  cachedTag,
  noResources,
  stepNotSupportedYet,
]

/** Rules for StepTemplate documents. */
export const TEMPLATE_RULES: readonly WorkflowRule[] = [
  invalidParamName,
  invalidDefault,
  invalidEnum,
  invalidPattern,
  requiredWithDefault,
  exclusiveFields,
  refusedField,
  missingImage,
  expressionInScript,
  misplacedTemplateExpression,
  unmarkedExpression,
  invalidTemplateExpression,
  invalidKeyName,
  ...JOB_RULES,
  invalidVariable,
  variableOverridden,
  invalidImage,
  imageLatest,
  noResources,
  stepNotSupportedYet,
]

/** Rules for Schedule documents and for schedules inside workflows. */
export const SCHEDULE_RULES: readonly ScheduleRule[] = [invalidScheduleName, invalidCron, cronNeverFires, unknownTimeZone]
