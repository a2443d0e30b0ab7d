import type { RunResult, StepStatus, StoredRun, Trigger } from './run.ts'

const MOST_STEPS = 20

/** Why a run exists, and why it is where it is, in sentences for people. */
export function explainRun({ metadata, spec, status }: StoredRun): string[] {
  const lines = [
    `The run ${metadata.name} of ${spec.workflow} was created at ${metadata.creationTimestamp}: ${triggerSentence(spec.trigger, spec.fate)}.`,
    `It runs ${spec.workflow} as it stands at commit ${spec.commit.slice(0, 10)}.`,
  ]
  if (spec.rerunOf !== null) lines.push(`It repeats ${spec.rerunOf}.`)
  if (spec.cancel !== undefined) lines.push(`${spec.cancel.by} has asked to cancel it: ${spec.cancel.reason}.`)
  if (metadata.deletionTimestamp !== undefined) lines.push('Its object is being deleted: it is cancelled, and goes when it is recorded.')
  if (status === undefined || status.phase === 'Pending') return [...lines, waitSentence(spec.workflow, status)]
  if (status.phase === 'Finished') lines.push(endSentence(status.result ?? 'Failed', status.reason, status.message, status.finishedAt))
  else lines.push(`It runs since ${status.startedAt ?? metadata.creationTimestamp}.`)
  const told = status.steps.filter((step) => status.phase !== 'Finished' || step.result !== 'Succeeded')
  for (const step of told.slice(0, MOST_STEPS)) lines.push(stepSentence(step, status.steps, dependenciesOf(step, status.definition)))
  if (told.length > MOST_STEPS) lines.push(`${told.length - MOST_STEPS} more steps are not told of here.`)
  if (status.phase === 'Finished') {
    lines.push(
      status.recorded === undefined
        ? 'Its record is not on the status branch yet.'
        : `Its record is on the status branch since ${status.recorded.at}.`,
    )
  }
  return lines
}

function waitSentence(workflow: string, status: StoredRun['status']): string {
  if (status?.definition === undefined) return 'It has not begun: its definition has not been read yet.'
  const { policy } = status.definition.concurrency
  const others = status.group === undefined ? `runs of ${workflow}` : `runs of ${workflow} in the group ${JSON.stringify(status.group)}`
  return `It has not begun: the concurrency of ${workflow} is ${policy}, and it waits until earlier ${others} have ended.`
}

/** Why a run exists, as the second half of a sentence. */
export function triggerSentence(trigger: Trigger, fate: StoredRun['spec']['fate']): string {
  switch (trigger.kind) {
    case 'Push':
      return `a push to ${trigger.branch} brought the commit`
    case 'Schedule':
      return `the schedule ${trigger.schedule} ticked at ${trigger.tick}${fate === 'Late' ? ', and it was started late' : ''}`
    case 'Webhook':
      return `the webhook ${trigger.name} was called (delivery ${trigger.delivery})`
    case 'Workflow':
      return `the run ${trigger.run} of ${trigger.workflow} ended`
    case 'Api':
    case 'Manual':
      return `${trigger.by} asked for it${because(trigger.reason)}`
    case 'Rerun':
      return `${trigger.by} asked for it to be run again${because(trigger.reason)}`
    case 'Backfill':
      return `${trigger.by} asked for the tick ${trigger.tick} of ${trigger.schedule} to be made up for${because(trigger.reason)}`
  }
}

function because(reason: string | undefined): string {
  return reason === undefined ? '' : `, because: ${reason}`
}

/** How a run ended. */
export function endSentence(result: RunResult, reason: string | undefined, message: string | undefined, at: string | undefined): string {
  return `It ended ${result}${at === undefined ? '' : ` at ${at}`}${reason === undefined || reason === 'Completed' ? '' : ` (${reason})`}${message === undefined || message === '' ? '' : `: ${message}`}.`
}

function dependenciesOf(step: StepStatus, definition: NonNullable<StoredRun['status']>['definition']): readonly { step: string; when: string }[] {
  return [...(definition?.steps ?? []), ...(definition?.finally ?? [])].find(({ name }) => name === step.name)?.dependsOn ?? []
}

function stepSentence(step: StepStatus, all: readonly StepStatus[], dependsOn: readonly { step: string; when: string }[]): string {
  const why = step.message === undefined || step.message === '' ? '' : `: ${step.message}`
  if (step.state === 'Ended') return `The step ${step.name} is ${step.result ?? 'over'}${why}.`
  if (step.state === 'Stopping') return `The step ${step.name} is being stopped${step.stop === undefined ? '' : `: ${step.stop.message}`}.`
  if (step.state === 'Running') return `The step ${step.name} runs since ${step.startedAt ?? 'a moment ago'}${why}.`
  const open = dependsOn.filter(({ step: name }) => all.some((one) => one.name === name && one.state !== 'Ended'))
  if (open.length > 0) return `The step ${step.name} waits for ${open.map(({ step: name, when }) => `${name} (${when})`).join(', ')}.`
  return `The step ${step.name} waits for its turn${why}.`
}
