import type { Finding } from '../problem.ts'
import type { WorkflowRule } from '../rules/rule.ts'
import { duplicateItem } from './duplicate-item.ts'
import { exactlyOne } from './exactly-one.ts'
import { invalidJob } from './invalid-job.ts'
import { invalidPod } from './invalid-pod.ts'
import { invalidResources } from './invalid-resources.ts'
import { viewStepJobs, type JobView } from './job-view.ts'
import type { KubernetesRule } from './kubernetes-rule.ts'
import { mountWithoutVolume } from './mount-without-volume.ts'

/** What Kubernetes refuses of a Job, beyond what a field says by itself. */
export const KUBERNETES_RULES: readonly KubernetesRule[] = [mountWithoutVolume, invalidResources, exactlyOne, duplicateItem, invalidJob, invalidPod]

/** What a rule says against a Job. */
export function checkByRule(rule: KubernetesRule, job: JobView): Finding[] {
  return rule.about.some((field) => job.fields.has(field)) ? rule.check(job) : []
}

/** The same for the Jobs that the steps of a workflow, and their undos, become. What they share is told once. */
export const JOB_RULES: readonly WorkflowRule[] = KUBERNETES_RULES.map((rule) => ({
  id: rule.id,
  severity: 'error',
  check: (workflow) =>
    distinct([...workflow.steps, ...workflow.finally].flatMap((step) => viewStepJobs(workflow, step).flatMap((job) => checkByRule(rule, job)))),
}))

function distinct(findings: readonly Finding[]): Finding[] {
  if (findings.length < 2) return [...findings]
  return [...new Map(findings.map((finding) => [`${finding.at} ${finding.message}`, finding])).values()]
}
