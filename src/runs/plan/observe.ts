import { observeStep } from '../observe-step.ts'
import type { RunStatus } from '../run.ts'
import type { Board, Entry } from './board.ts'
import { boundResults } from './bound-results.ts'
import { boundsOf, hasJob, readLog } from './board.ts'

/** Takes over what the cluster shows of a step's Job. */
export function observe(board: Board, entry: Entry): void {
  const { status, observation } = entry
  if (status.state === 'Ended' || !hasJob(entry)) return
  const { plan } = board
  const noted = observeStep(status, observation, { nowMs: board.nowMs, ...boundsOf(entry) })
  if (observation === null) return
  const isTooMuch = noted.hasResults && boundResults(board, entry)
  if (noted.readLog || isTooMuch) readLog(plan, status, observation.job)
  // What follows may be worked out from the results; a pass after a crash must not find others.
  plan.storeFirst ||= noted.hasResults
  if (noted.imageDigest !== null) status.image = imageIndex(plan.status, noted.imageDigest)
  if (status.state === 'Stopping') plan.stop.push(observation.job)
}

function imageIndex(status: RunStatus, digest: string): number {
  const images = status.images ?? []
  const known = images.indexOf(digest)
  if (known >= 0) return known
  status.images = [...images, digest]
  return images.length
}
