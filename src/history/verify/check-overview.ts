import { parseTimestamp } from '../../clock.ts'
import { isSameJson } from '../../same-json.ts'
import { type Overview, updateOverview } from '../overview.ts'
import { OVERVIEW_PATH } from '../paths.ts'
import type { WorkflowState } from '../state.ts'
import type { Recorded } from './check-state.ts'
import type { Complain } from './ledger.ts'

/** Checks the overview that a commit leaves against the one before, and against what it records; `touched` are the states of the workflows of that. */
export function checkOverview(before: Overview, now: Overview, touched: readonly WorkflowState[], recorded: Recorded, complain: Complain): void {
  if (before === now) return
  checkCursors(before, now, complain)
  // Where a branch is begun anew, nothing was there before. That it changes otherwise without anything recorded is told elsewhere.
  if (touched.length === 0 && before.workflows.length > 0) return
  for (const message of [...rowDifferences(before, now, touched), ...contradictions(now, recorded)]) complain('state-differs', OVERVIEW_PATH, message)
}

function checkCursors({ cursors: before }: Overview, { cursors: now }: Overview, complain: Complain): void {
  for (const [schedule, { judgedUpTo }] of Object.entries(now.schedules)) {
    const known = Object.hasOwn(before.schedules, schedule) ? before.schedules[schedule]?.judgedUpTo : undefined
    if (known !== undefined && parseTimestamp(judgedUpTo) < parseTimestamp(known))
      complain(
        'cursor-moved-back',
        OVERVIEW_PATH,
        `the ticks of ${schedule} were judged up to ${known}, now up to ${judgedUpTo}: some would run again`,
      )
  }
  if (before.rewound && !now.rewound)
    complain('cursor-moved-back', OVERVIEW_PATH, 'it no longer says that the followed branch was rewound: commits that have run could run again')
}

function rowDifferences(before: Overview, overview: Overview, states: readonly WorkflowState[]): string[] {
  const wanted = new Map(updateOverview(before, states, overview.cursors, []).workflows.map((row) => [row.workflow, row]))
  const found = new Map(overview.workflows.map((row) => [row.workflow, row]))
  const names = [...new Set([...wanted.keys(), ...found.keys()])]
  const wrong = names.filter((name) => !isSameJson({ ...wanted.get(name), nextTickAt: null }, { ...found.get(name), nextTickAt: null }))
  const isInOrder = isSameJson(
    [...wanted.keys()],
    overview.workflows.map(({ workflow }) => workflow),
  )
  return [
    ...wrong.map((name) =>
      found.has(name)
        ? wanted.has(name)
          ? `the row of ${name} does not tell what its state says`
          : `it has a row of ${name}, of which nothing is known`
        : `it has no row of ${name}`,
    ),
    ...(wrong.length === 0 && !isInOrder ? ['its rows are in another order'] : []),
  ]
}

/** What the commit records is not under way any more, and the ticks that it tells of are behind the cursors. */
function contradictions({ started, cursors }: Overview, { records, days }: Recorded): string[] {
  const names = new Set(records.map(({ run }) => run))
  const judged = (schedule: string, tick: string): boolean => {
    const cursor = Object.hasOwn(cursors.schedules, schedule) ? cursors.schedules[schedule] : undefined
    return cursor === undefined || parseTimestamp(cursor.judgedUpTo) >= parseTimestamp(tick)
  }
  return [
    ...started.filter(({ run }) => names.has(run)).map(({ run }) => `it says that ${run} has no record, which comes with the same commit`),
    ...records.flatMap(({ run, trigger }) =>
      trigger.kind === 'Schedule' && !judged(trigger.schedule, trigger.tick)
        ? [`its cursor of ${trigger.schedule} lies before the tick of ${run}`]
        : [],
    ),
    ...days.flatMap(({ ranges }) =>
      ranges
        .filter(({ schedule, to }) => !judged(schedule, to))
        .map(({ schedule, to }) => `its cursor of ${schedule} lies before the tick ${to}, whose fate is told`),
    ),
  ]
}
