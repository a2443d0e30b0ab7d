import { pino } from 'pino'
import type { ControllerEvent, Report } from '../controller/events.ts'
import { stepJob } from '../runs/step-key.ts'

/** Writes events as a log of one JSON object a line: a constant message and few, bounded fields. */
export function createEventLog(stream: NodeJS.WritableStream): Report {
  const log = pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (label) => ({ level: label }) } }, stream)
  return (event) => {
    const { message, level, ...fields } = lineOf(event)
    log[level](fields, message)
  }
}

interface Line {
  level: 'debug' | 'info' | 'warn' | 'error'
  message: string
  [field: string]: unknown
}

function lineOf(event: ControllerEvent): Line {
  switch (event.kind) {
    case 'BranchClaimed':
      return { level: 'info', message: 'status branch claimed', repository: event.repository, owner: event.owner }
    case 'BranchOwned':
      return { level: 'error', message: 'BranchOwned', repository: event.repository, reason: event.message }
    case 'LookEnded': {
      const { repository, branch, commit, workflows, schedules, diagnostics } = event
      return {
        level: 'info',
        message: 'definitions in force',
        repository,
        branch,
        commit,
        workflows,
        schedules,
        diagnostics: diagnostics.slice(0, 100),
      }
    }
    case 'LookFailed':
      return { level: 'error', message: 'look failed', repository: event.repository, reason: event.reason, error: event.message }
    case 'LookRecovered':
      return { level: 'info', message: 'look recovered', repository: event.repository }
    case 'RunCreated': {
      const { metadata, spec } = event.run
      return {
        level: 'info',
        message: 'run created',
        repository: event.repository,
        run: metadata.name,
        workflow: spec.workflow,
        commit: spec.commit,
        trigger: spec.trigger,
      }
    }
    case 'RunHeld': {
      const { kind: _, ...fields } = event
      return { level: 'info', message: 'run held', ...fields }
    }
    case 'ScheduleUnreadable':
      return { level: 'error', message: 'schedule unreadable', repository: event.repository, schedule: event.schedule, error: event.message }
    case 'TickJudged':
      return { level: 'info', message: 'tick judged', repository: event.repository, ...event.fate }
    case 'StepStarted':
      return {
        level: 'info',
        message: 'step started',
        repository: event.repository,
        run: event.run,
        step: event.step.name,
        job: stepJob(event.run, event.step),
      }
    case 'StepEnded': {
      const { name, result, reason, attempts } = event.step
      return {
        level: 'info',
        message: 'step ended',
        repository: event.repository,
        run: event.run,
        step: name,
        result,
        reason,
        attempts: attempts.length,
      }
    }
    case 'RunFinished': {
      const { result, reason } = event.run.status ?? {}
      return {
        level: 'info',
        message: 'run finished',
        repository: event.repository,
        run: event.run.metadata.name,
        result,
        reason,
        detail: event.run.status?.message,
      }
    }
    case 'RecordsPushed':
      return { level: 'info', message: 'records pushed', repository: event.repository, commit: event.commit, runs: event.runs }
    case 'RecordsWaiting':
      return { level: 'debug', message: 'records waiting', repository: event.repository, runs: event.runs, oldestAt: event.oldestAt }
    case 'HistoryFailed':
      return { level: 'error', message: 'records wait', repository: event.repository, reason: event.reason, error: event.message }
    case 'ReviewProposed':
      return { level: 'info', message: 'review proposed', repository: event.repository, review: event.name, commit: event.commit }
    case 'ReviewFailed':
      return { level: 'error', message: 'review failed', repository: event.repository, reason: event.reason, error: event.message }
    case 'RunsLost':
      return { level: 'warn', message: 'runs lost', repository: event.repository, runs: event.runs }
    case 'HistoryMended': {
      const { kind: _, message, ...fields } = event
      return { level: 'warn', message: 'history mended', ...fields, detail: message }
    }
    case 'OrphanFound':
      return { level: 'warn', message: 'orphan found', repository: event.repository, run: event.run, job: event.job }
    case 'OrphanSwept':
      return { level: 'info', message: 'orphan swept', repository: event.repository, run: event.run, job: event.job }
    case 'ExpectationsChecked': {
      const { repository, stale, slow } = event
      return { level: stale.length + slow.length > 0 ? 'warn' : 'info', message: 'expectations checked', repository, stale, slow }
    }
    case 'RunSwept':
      return { level: 'info', message: 'run swept', repository: event.repository, run: event.run }
    case 'RepositoryLeft':
      return { level: 'info', message: 'repository left', repository: event.repository }
    case 'ReconcileFailed':
      return { level: 'error', message: 'reconcile failed', key: event.key, error: describeError(event.error) }
    case 'RunnerProblem':
      return { level: 'warn', message: event.message, about: event.about }
  }
}

/** Errors of a class of our own say where and what to do; of all others the stack is wanted. */
function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return BUILT_IN_ERRORS.has(error.name) ? (error.stack ?? error.message) : error.message
}

const BUILT_IN_ERRORS = new Set(['Error', 'TypeError', 'RangeError', 'ReferenceError', 'SyntaxError', 'AggregateError', 'AbortError'])
