import { jobsOf, type RunFacts } from '../facts.ts'
import type { Case } from './case.ts'

/** The label that people put on Runs. */
export const PEOPLES_LABEL = 'team'

/** Judges a Run some time after somebody has labelled it: all Jobs that it still has must have the label. */
export function checkLabels(input: Case, run: RunFacts): void {
  const want = run.run.metadata.labels?.[PEOPLES_LABEL]
  if (want === undefined || run.isGone) return
  for (const job of jobsOf(input.facts, run.name)) {
    if (job.isGone || job.isReleased) continue
    const got = job.job.metadata.labels?.[PEOPLES_LABEL]
    if (got !== want) input.complain('labels', `Job ${job.name} has the label ${got}, its run ${want}`)
  }
}
