import type { JsonObject } from '../../definitions/container.ts'
import type { JobSpec } from '../../runs/objects.ts'
import { UnsupportedJobError } from '../ports.ts'
import { listField, objectField, textField } from './json-fields.ts'

/** How a pod ended, as far as a policy can tell. */
export interface PodEnd {
  /** Lost without an exit code. */
  disrupted: boolean
  exitCodes: { container: string; exitCode: number }[]
}

/** What a failed pod means for its Job. */
export type FailureVerdict = { kind: 'Count' } | { kind: 'Ignore' } | { kind: 'FailJob'; message: string }

interface ExitCodeRule {
  action: string
  containerName: string | undefined
  operator: string
  values: number[]
}

/** Throws UnsupportedJobError for rules other than on exit codes and on disruption. */
export function checkPodFailurePolicy(spec: JobSpec): void {
  for (const [index, rule] of rulesOf(spec).entries()) {
    const path = `spec.podFailurePolicy.rules[${index}]`
    if (!['FailJob', 'Ignore', 'Count'].includes(textField(rule, 'action'))) {
      throw new UnsupportedJobError(`${path}.action: the local runner has FailJob, Ignore and Count.`)
    }
    if (rule['onExitCodes'] !== undefined) continue
    const conditions = listField(rule, 'onPodConditions')
    if (rule['action'] === 'Ignore' && conditions.every((condition) => condition['type'] === 'DisruptionTarget')) continue
    throw new UnsupportedJobError(`${path}.onPodConditions: the local runner has only Ignore on DisruptionTarget. Decide by onExitCodes.`)
  }
}

/** The first rule that matches decides, as in Kubernetes. A lost pod never counts. */
export function judgeFailure(spec: JobSpec, end: PodEnd): FailureVerdict {
  if (end.disrupted) return { kind: 'Ignore' }
  for (const [index, rule] of rulesOf(spec).entries()) {
    const parsed = parseExitCodeRule(rule)
    const match = parsed === null ? undefined : end.exitCodes.find((code) => matches(parsed, code))
    if (parsed === null || match === undefined) continue
    switch (parsed.action) {
      case 'FailJob':
        return {
          kind: 'FailJob',
          message: `Container ${match.container} failed with exit code ${match.exitCode} matching FailJob rule at index ${index}`,
        }
      case 'Ignore':
        return { kind: 'Ignore' }
      default:
        return { kind: 'Count' }
    }
  }
  return { kind: 'Count' }
}

function matches(rule: ExitCodeRule, end: { container: string; exitCode: number }): boolean {
  if (end.exitCode === 0) return false
  if (rule.containerName !== undefined && rule.containerName !== end.container) return false
  return rule.values.includes(end.exitCode) === (rule.operator === 'In')
}

function parseExitCodeRule(rule: JsonObject): ExitCodeRule | null {
  const codes = objectField(rule, 'onExitCodes')
  if (codes === null) return null
  return {
    action: textField(rule, 'action'),
    containerName: codes['containerName'] as string | undefined,
    operator: textField(codes, 'operator'),
    values: (codes['values'] ?? []) as number[],
  }
}

function rulesOf(spec: JobSpec): JsonObject[] {
  const policy = spec['podFailurePolicy'] as { rules?: JsonObject[] } | undefined
  return policy?.rules ?? []
}
