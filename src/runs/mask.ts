/** What stands where the value of a Secret was. */
const MASK = '***'

/** Shorter values would mask ordinary text. */
const SHORTEST = 4

/** More of a line is not held back. */
const LONGEST_LINE = 65_536

/** Names of the Secrets that a pod's spec refers to: by `env`, `envFrom` and volumes. */
export function secretsOf(spec: unknown): string[] {
  const names = new Set<string>()
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) return value.forEach(visit)
    if (typeof value !== 'object' || value === null) return
    for (const [key, item] of Object.entries(value)) {
      const { name, secretName } = (item ?? {}) as { name?: unknown; secretName?: unknown }
      if ((key === 'secretKeyRef' || key === 'secretRef' || key === 'secret') && typeof name === 'string') names.add(name)
      if (key === 'secret' && typeof secretName === 'string') names.add(secretName)
      visit(item)
    }
  }
  visit(spec)
  return [...names].sort()
}

/**
 * The text without the values of Secrets, as far as they can be recognised: as they are, their lines, and as base64, URL and JSON write
 * them. Values of less than four characters stay.
 */
export function maskSecrets(text: string, values: readonly string[]): string {
  return createMask(values)(text)
}

/** `maskSecrets` for many texts. */
export function createMask(values: readonly string[]): (text: string) => string {
  const found = new Set(values.flatMap(formsOf).filter((form) => form.length >= SHORTEST))
  const forms = [...found].sort((one, other) => other.length - one.length)
  return (text) => forms.reduce((masked, form) => masked.replaceAll(form, MASK), text)
}

/** Masks a text that comes in pieces: a value may be cut by them, so that only whole lines go on. */
export interface StreamMask {
  /** What may be shown so far. */
  take(piece: string): string
  /** The rest, at the end. */
  rest(): string
}

/** A mask for one stream; without values everything goes on as it comes. */
export function createStreamMask(values: readonly string[]): StreamMask {
  const mask = createMask(values)
  let held = ''
  return {
    take(piece) {
      if (values.length === 0) return piece
      held += piece
      // A line without an end must not fill the memory.
      const end = held.length > LONGEST_LINE ? held.length : held.lastIndexOf('\n') + 1
      const whole = held.slice(0, end)
      held = held.slice(end)
      return mask(whole)
    },
    rest() {
      const last = held
      held = ''
      return mask(last)
    },
  }
}

function formsOf(value: string): string[] {
  const trimmed = value.trim()
  const lines = trimmed.split(/\r?\n/).map((line) => line.trim())
  const base64 = [value, trimmed].map((one) => Buffer.from(one).toString('base64').replace(/=+$/, ''))
  const encoded = encodeURIComponent(trimmed.replaceAll(/\p{Surrogate}/gu, '\ufffd'))
  return [
    trimmed,
    ...lines,
    ...base64,
    ...base64.map((one) => one.replaceAll('+', '-').replaceAll('/', '_')),
    encoded,
    JSON.stringify(trimmed).slice(1, -1),
  ]
}
