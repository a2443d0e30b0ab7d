import { stepKey } from '../runs/step-key.ts'
import type { ControllerEvent } from '../controller/events.ts'
import { parseTimestamp } from '../clock.ts'
import type { StepStatus, StoredRun, TickFate, Trigger } from '../runs/run.ts'
import type { Paint } from './paint.ts'

/** The line, or lines, that tell a person of an event; null for what only a log wants. */
export function formatEvent(event: ControllerEvent, paint: Paint): string | null {
  switch (event.kind) {
    case 'BranchClaimed':
      return `${event.repository}: the status branch is ours`
    case 'BranchOwned':
      return paint.bad(`${event.repository}: BranchOwned: ${event.message}`)
    case 'LookEnded':
      return lookLine(event, paint)
    case 'LookFailed':
      return paint.bad(`${event.repository}: ${event.message}`)
    case 'LookRecovered':
      return `${event.repository}: is followed again`
    case 'RunCreated':
      return `run ${paint.bold(event.run.metadata.name)} created by ${triggerText(event.run.spec.trigger)} at ${short(event.run.spec.commit)}`
    case 'RunHeld':
      return `${event.workflow} does not run at ${short(event.commit)}: ${event.reason}`
    case 'ScheduleUnreadable':
      return paint.bad(`schedule ${event.schedule} has no ticks: ${event.message}`)
    case 'TickJudged':
      return ticksLine(event.fate)
    case 'StepStarted':
      return paint.dim(`  ${event.run} ${stepKey(event.step)} ${event.step.kind === 'Approval' ? 'waits for an approval' : 'started'}`)
    case 'StepEnded':
      return `  ${paint.dim(event.run)} ${stepKey(event.step)} ${stepResult(event.step, paint)}`
    case 'RunFinished':
      return runLine(event.run, paint)
    case 'RecordsPushed':
      return event.runs.length === 0
        ? paint.dim(`${event.repository}: ticks recorded in ${short(event.commit)}`)
        : `${event.repository}: recorded in ${paint.bold(short(event.commit))}: ${event.runs.join(', ')}`
    case 'HistoryFailed':
      return paint.bad(`${event.repository}: records wait: ${event.message}`)
    case 'ReviewProposed':
      return paint.dim(`${event.repository}: fusee/review/${event.name} is at ${short(event.commit)}`)
    case 'ReviewFailed':
      return paint.bad(`${event.repository}: no review: ${event.message}`)
    case 'RunsLost':
      return paint.bad(`${event.repository}: lost with the cluster before, without a record: ${event.runs.join(', ')}`)
    case 'HistoryMended':
      return paint.bad(`${event.repository}: ${event.message}`)
    case 'OrphanFound':
      return paint.dim(
        event.job === null
          ? `run ${event.run} is of ${event.repository}, which is not followed here: it is kept, since it has no record`
          : `the Job ${event.job} is kept: its run ${event.run} is gone and has no record; delete the Job if nobody needs it`,
      )
    case 'RecordsWaiting':
    case 'ExpectationsChecked':
    case 'RunSwept':
    case 'RepositoryLeft':
    case 'OrphanSwept':
      return null
    case 'ReconcileFailed':
      return paint.bad(`${event.key} failed and is tried again: ${messageOf(event.error)}`)
    case 'RunnerProblem':
      return paint.bad(`${event.message}: ${aboutText(event.about)}`)
  }
}

function ticksLine({ schedule, at, until, count = 2, fate, reason }: TickFate): string {
  const which = until === undefined ? `tick ${at}` : `${count} ticks from ${at} to ${until}`
  return `${which} of ${schedule}: ${fate}${reason === null ? '' : ` (${reason})`}`
}

function lookLine(event: Extract<ControllerEvent, { kind: 'LookEnded' }>, paint: Paint): string {
  const errors = event.diagnostics.filter((one) => one.severity === 'error')
  const counted = `${count(event.workflows.length, 'workflow')}, ${count(event.schedules.length, 'schedule')}`
  const first = `${event.repository}: ${event.branch} at ${paint.bold(short(event.commit))}: ${counted} in force`
  if (event.diagnostics.length === 0) return `${first}, no findings`
  const findings = event.diagnostics.map((one) => {
    const line = `  ${one.file}:${one.line}:${one.column} ${one.severity}: ${one.message} [${one.rule}]`
    return one.severity === 'error' ? paint.bad(line) : paint.dim(line)
  })
  return [`${first}, ${count(errors.length, 'error')}, ${count(event.diagnostics.length - errors.length, 'warning')}`, ...findings].join('\n')
}

function runLine(run: StoredRun, paint: Paint): string {
  const result = run.status?.result ?? 'Failed'
  const text = `${result}${run.status?.message ? `: ${run.status.message}` : ''} after ${lasted(run.status?.startedAt, run.status?.finishedAt)}`
  return `run ${paint.bold(run.metadata.name)} ${result === 'Succeeded' ? paint.good(text) : paint.bad(text)}`
}

function stepResult(step: StepStatus, paint: Paint): string {
  const why = step.message === undefined ? '' : `: ${step.message}`
  if (step.result === 'Skipped') return paint.dim(`Skipped${why}`)
  const text = `${step.result ?? ''}${why} after ${lasted(step.startedAt, step.finishedAt)}`
  return step.result === 'Succeeded' ? paint.good(text) : paint.bad(text)
}

function triggerText(trigger: Trigger): string {
  switch (trigger.kind) {
    case 'Push':
      return `a push to ${trigger.branch}`
    case 'Schedule':
      return `the tick ${trigger.tick} of ${trigger.schedule}`
    case 'Webhook':
      return `the webhook ${trigger.name}`
    case 'Workflow':
      return `the end of ${trigger.run}`
    case 'Api':
    case 'Manual':
      return trigger.by
    case 'Rerun':
      return `a rerun by ${trigger.by}`
    case 'Backfill':
      return `a backfill of the tick ${trigger.tick} of ${trigger.schedule} by ${trigger.by}`
  }
}

/** A duration for people: `0.4s`, `12s`, `3m12s`, `2h05m`. */
function lasted(from: string | undefined, to: string | undefined): string {
  const seconds = Math.max(0, (parseTimestamp(to ?? '') - parseTimestamp(from ?? '')) / 1000)
  if (!Number.isFinite(seconds)) return '0s'
  if (seconds < 10) return `${seconds.toFixed(1)}s`
  if (seconds < 60) return `${Math.round(seconds)}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes}m${String(Math.round(seconds) % 60).padStart(2, '0')}s`
  return `${Math.floor(minutes / 60)}h${String(minutes % 60).padStart(2, '0')}m`
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

function short(commit: string): string {
  return commit.slice(0, 8)
}

function aboutText(about: Readonly<Record<string, unknown>>): string {
  return Object.entries(about)
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ')
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
