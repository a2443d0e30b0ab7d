import { formatTick } from '../clock.ts'
import type { Schedule } from '../definitions/workflow.ts'
import type { ScheduleCursor, TickFate } from '../runs/run.ts'
import type { CronTicks } from './cron.ts'
import { formatSeconds } from './judge-ticks.ts'
import type { SuspensionInForce } from './suspension.ts'
import { suspensionAt, suspensionReason } from './suspension.ts'

/** What is known of one schedule. */
export interface ScheduleFacts {
  schedule: Schedule
  ticks: CronTicks
  /** Commit at which its workflow was last valid; null when it never was. */
  workflowCommit: string | null
  cursor: ScheduleCursor | null
  /** The newest odd fates, oldest first. */
  fates: readonly TickFate[]
  /** Runs of its ticks that are still there, oldest first. */
  runs: readonly { tick: string; run: string; result: string | null }[]
  suspensions: readonly SuspensionInForce[]
  /** Why nothing starts at all, such as a pause or a full history; null when nothing is in the way. */
  obstacle: string | null
  nowMs: number
}

const MOST_LINES = 5

/** Why a schedule does or does not run, in sentences for people. */
export function explainSchedule(facts: ScheduleFacts): string[] {
  const { schedule, ticks, nowMs, suspensions, cursor } = facts
  const { name, workflow, cron, timeZone, catchUp, startingDeadlineSeconds } = schedule
  const lines = [`The schedule ${name} starts ${workflow} at "${cron}" in ${timeZone}; it is written in ${schedule.file}.`]
  lines.push(
    facts.workflowCommit === null
      ? `Nothing runs: no commit has a valid workflow ${workflow}.`
      : `Its runs are pinned to ${facts.workflowCommit.slice(0, 10)}, the newest commit at which ${workflow} was valid.`,
  )
  if (facts.obstacle !== null) lines.push(`Nothing starts now: ${facts.obstacle}.`)
  const suspension = suspensionAt(suspensions, nowMs)
  if (suspension !== null) {
    const { untilMs } = suspension.suspension
    lines.push(`Its ticks are Skipped ${untilMs === null ? 'now' : `until ${formatTick(untilMs)}`}: ${suspensionReason(suspension)}.`)
  }
  if (cursor !== null) lines.push(`Its ticks are judged up to ${cursor.judgedUpTo}.`)
  for (const { tick, run, result } of facts.runs.slice(-MOST_LINES))
    lines.push(`The tick ${tick} has the run ${run}, ${result === null ? 'which goes on' : `which ended ${result}`}.`)
  for (const fate of facts.fates.slice(-MOST_LINES)) lines.push(fateText(fate))
  const next: string[] = []
  for (let tickMs = ticks.next(nowMs); tickMs !== null && next.length < MOST_LINES; tickMs = ticks.next(tickMs)) next.push(formatTick(tickMs))
  lines.push(next.length === 0 ? 'It has no further tick: the expression fits no day of the calendar.' : `The next ticks are ${next.join(', ')}.`)
  lines.push(`${CATCH_UP[catchUp]}.`)
  if (startingDeadlineSeconds !== null) lines.push(`What could not start within ${formatSeconds(startingDeadlineSeconds)} of its tick is Missed.`)
  return lines
}

const CATCH_UP: Readonly<Record<Schedule['catchUp'], string>> = {
  Latest: 'After an outage the newest tick that passed is run late, the others are Missed',
  All: 'After an outage the newest hundred ticks that passed are run late, earlier ones are Missed',
  None: 'After an outage what passed is Missed',
}

function fateText({ at, until, count, fate, reason, run }: TickFate): string {
  const which = until === undefined ? `The tick ${at} is ${fate}` : `${count ?? 2} ticks from ${at} to ${until} are ${fate}`
  return `${which}${run === null ? '' : ` with the run ${run}`}${reason === null ? '' : `: ${reason}`}.`
}
