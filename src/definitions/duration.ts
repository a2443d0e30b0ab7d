const UNIT_SECONDS = { d: 86_400, h: 3_600, m: 60, s: 1 } as const

/** Seconds of a duration such as `90s` or `1h30m`; null when the text is none. */
export function parseDuration(text: string): number | null {
  const match = /^(?=.)(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?$/.exec(text)
  if (!match) return null
  const [, days = 0, hours = 0, minutes = 0, seconds = 0] = match
  return Number(days) * UNIT_SECONDS.d + Number(hours) * UNIT_SECONDS.h + Number(minutes) * UNIT_SECONDS.m + Number(seconds) * UNIT_SECONDS.s
}

/** Seconds of a limit as a checked document has it: null is no limit, as is `none`; without a text it is `absent`. */
export function limitSeconds(text: string | undefined, absent: number | null): number | null {
  if (text === undefined) return absent
  return text === 'none' ? null : parseDuration(text)
}
