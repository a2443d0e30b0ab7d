const LONGEST = 60

/** The value as JSON, cut to a length that fits into a message. */
export function excerpt(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
}
