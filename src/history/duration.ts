const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** Two units at most, cut and not rounded: `850ms`, `12s`, `3m12s`, `2h3m`, `1d2h`. A negative duration counts as none. */
export function formatDuration(ms: number): string {
  if (!(ms > 0)) return '0s'
  if (ms < SECOND_MS) return `${Math.floor(ms)}ms`
  if (ms < MINUTE_MS) return `${Math.floor(ms / SECOND_MS)}s`
  if (ms < HOUR_MS) return twoUnits(ms, MINUTE_MS, 'm', SECOND_MS, 's')
  if (ms < DAY_MS) return twoUnits(ms, HOUR_MS, 'h', MINUTE_MS, 'm')
  return twoUnits(ms, DAY_MS, 'd', HOUR_MS, 'h')
}

function twoUnits(ms: number, largeMs: number, large: string, smallMs: number, small: string): string {
  const rest = Math.floor((ms % largeMs) / smallMs)
  return `${Math.floor(ms / largeMs)}${large}${rest === 0 ? '' : `${rest}${small}`}`
}
