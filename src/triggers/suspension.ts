import { formatTick } from '../clock.ts'
import type { Suspension } from '../definitions/workflow.ts'
import type { Pause } from '../runs/run.ts'

/** A suspension and whose it is, as in `workflow nightly-report`. */
export interface SuspensionInForce {
  subject: string
  suspension: Suspension
}

/** A suspension as a Repository may have it: `true` is one without end or reason. */
export type WrittenSuspension = Suspension | boolean | null

/** What keeps a Repository from starting anything: the operator's switch first, else what its document says. */
export function repositorySuspension(suspend: WrittenSuspension, paused: Pause | undefined): WrittenSuspension {
  return paused === undefined ? suspend : { untilMs: null, reason: pauseReason(paused) }
}

/** A pause in words. */
export function pauseReason({ by, reason }: Pause): string {
  return `paused by ${by}${reason === '' ? '' : `: ${reason}`}`
}

/** Those of the candidates that exist; give the widest first, since the first that holds gives its reason. */
export function suspensionsInForce(candidates: readonly { subject: string; suspend: WrittenSuspension }[]): SuspensionInForce[] {
  return candidates.flatMap(({ subject, suspend }) => {
    if (suspend === null || suspend === false) return []
    return [{ subject, suspension: suspend === true ? { untilMs: null, reason: null } : suspend }]
  })
}

/** The first suspension that holds at a time; it does not hold any more at its `until`. */
export function suspensionAt(suspensions: readonly SuspensionInForce[], ms: number): SuspensionInForce | null {
  return suspensions.find(({ suspension: { untilMs } }) => untilMs === null || ms < untilMs) ?? null
}

/** Its reason as written; without one, who is suspended and until when. */
export function suspensionReason({ subject, suspension }: SuspensionInForce): string {
  if (suspension.reason !== null) return suspension.reason
  return `the ${subject} is suspended${suspension.untilMs === null ? '' : ` until ${formatTick(suspension.untilMs)}`}`
}
