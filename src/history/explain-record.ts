import { endSentence, triggerSentence } from '../runs/explain-run.ts'
import type { RunRecord } from './record.ts'

const MOST_STEPS = 20

/** Why a run that has been swept existed, and how it ended, in sentences for people. */
export function explainRecord(record: RunRecord): string[] {
  const { run, workflow, commit, trigger, createdAt, rerunOf, result, reason, message, finishedAt } = record
  const told = record.steps.filter((step) => step.result !== 'Succeeded')
  return [
    `The run ${run} of ${workflow} was created at ${createdAt}: ${triggerSentence(trigger, undefined)}.`,
    `It ran ${workflow} as it stands at commit ${commit.slice(0, 10)}.`,
    ...(rerunOf === null ? [] : [`It repeated ${rerunOf}.`]),
    endSentence(result, reason ?? undefined, message ?? undefined, finishedAt),
    ...told.slice(0, MOST_STEPS).map((step) => `The step ${step.name} was ${step.result}${step.reason === null ? '' : ` (${step.reason})`}.`),
    ...(told.length > MOST_STEPS ? [`${told.length - MOST_STEPS} more steps are not told of here.`] : []),
    `Its Run has been swept; its record is on the status branch: fusee history --run ${run}.`,
  ]
}
