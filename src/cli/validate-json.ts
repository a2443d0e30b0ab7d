import type { Definitions, Diagnostic, Param } from '../definitions/workflow.ts'

/** What `fusee validate --output json` prints. */
export interface DescribedDefinitions {
  diagnostics: Diagnostic[]
  workflows: DescribedWorkflow[]
  schedules: DescribedSchedule[]
  ignored: string[]
}

interface DescribedWorkflow {
  name: string
  file: string
  description: string | null
  params: Record<string, Param>
  /** Whether pushes start it. */
  push: boolean
  suspended: boolean
  steps: { name: string; kind: 'Container' | 'Manifest' | 'Join' | 'Approval'; dependsOn: string[] }[]
  finally: { name: string; kind: 'Container' | 'Manifest' | 'Join' | 'Approval'; dependsOn: string[] }[]
}

interface DescribedSchedule {
  name: string
  file: string
  workflow: string
  cron: string
  timeZone: string
  suspended: boolean
}

/** The definitions for programs: what is valid, and what is wrong with the rest. */
export function describeDefinitions({ diagnostics, workflows, schedules, ignored }: Definitions): DescribedDefinitions {
  return {
    diagnostics,
    workflows: workflows.map(describeWorkflow),
    schedules: schedules.map(({ name, file, workflow, cron, timeZone, suspend }) => ({
      name,
      file,
      workflow,
      cron,
      timeZone,
      suspended: suspend !== null,
    })),
    ignored,
  }
}

function describeWorkflow(workflow: Definitions['workflows'][number]): DescribedWorkflow {
  const { name, file, description, params, push, suspend, steps, finally: last } = workflow
  return {
    name,
    file,
    description,
    params,
    push: push !== null,
    suspended: suspend !== null,
    steps: steps.map(describeStep),
    finally: last.map(describeStep),
  }
}

function describeStep({ name, work, dependsOn }: Definitions['workflows'][number]['steps'][number]): DescribedWorkflow['steps'][number] {
  return { name, kind: work.kind, dependsOn: dependsOn.map(({ step }) => step) }
}
