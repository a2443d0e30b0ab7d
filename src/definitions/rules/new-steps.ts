import type { ContentCache } from '../content-cache.ts'
import type { StepSource, WorkflowSource } from '../workflow-source.ts'

/** Steps in which the rules that look at steps one by one found nothing, by what they and their `defaults` say. */
export type QuietSteps = ContentCache<true>

/** Larger steps are looked at each time. */
const LONGEST_KEY = 10_000

/** The workflow with those steps only that are not among the quiet ones, and what notes that these are quiet too; null when there is none. */
export function selectNewSteps(workflow: WorkflowSource, quiet: QuietSteps): { view: WorkflowSource; noteQuiet: () => void } | null {
  const defaults = JSON.stringify(workflow.defaults?.json ?? null)
  const keys: string[] = []
  const isNew = ({ list, node }: StepSource): boolean => {
    const key = `${list} ${defaults} ${JSON.stringify(node.json)}`
    if (quiet.get(key)) return false
    if (key.length <= LONGEST_KEY) keys.push(key)
    return true
  }
  const view = { ...workflow, steps: workflow.steps.filter(isNew), finally: workflow.finally.filter(isNew) }
  if (view.steps.length + view.finally.length === 0 && workflow.steps.length + workflow.finally.length > 0) return null
  return {
    view,
    noteQuiet: () => {
      for (const key of keys) quiet.set(key, true)
    },
  }
}
