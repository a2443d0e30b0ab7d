import { plainText } from './plain-text.ts'

/** What stands where the value of a Secret was. */
const MASK = '***'

/** Shorter values would mask ordinary text. */
const SHORTEST = 4

/** Settings that lie beside what is secret: masked, no boolean result could be told. */
const PLAIN_WORDS = new Set(['true', 'false', 'null'])

/** More of a line is not held back. */
const LONGEST_LINE = 65_536

/** A colour code whose end has not come yet. */
const UNFINISHED_CODE = /[\u001b\u009b][[0-9;:?]{0,30}$/

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
 * them, also where colour codes lie within. Values and lines of less than four characters stay, and so do `true`, `false` and `null`.
 */
export function maskSecrets(text: string, values: readonly string[]): string {
  return createMask(values)(text)
}

/** `maskSecrets` for many texts. */
export function createMask(values: readonly string[]): Mask {
  return throughCodesOfLines(maskOf(listForms(values)))
}

/** `maskSecrets` for a text whose beginning or end may be missing: what is left there of a value goes too, from four characters on. */
export function maskCutText(text: string, values: readonly string[]): string {
  const forms = listForms(values)
  return throughCodes((one) => maskCut(one, forms))(text)
}

type Mask = (text: string) => string

function maskCut(text: string, forms: readonly string[]): string {
  const start = forms.reduce((most, form) => Math.max(most, overlap(form, text)), 0)
  const rest = text.slice(start)
  const end = rest.length - forms.reduce((most, form) => Math.max(most, overlap(rest, form)), 0)
  return (start === 0 ? '' : MASK) + maskOf(forms)(rest.slice(0, end)) + (end === rest.length ? '' : MASK)
}

function maskOf(forms: readonly string[]): Mask {
  return (text) => forms.reduce((masked, form) => masked.replaceAll(form, MASK), text)
}

/** Colour codes within a value hide it, as those of grep do, until a page leaves them out: where that would show one, they are left out here. */
function throughCodes(mask: Mask): Mask {
  return (text) => {
    const masked = mask(text)
    const plain = plainText(masked)
    if (plain === masked) return masked
    const shown = mask(plain)
    return shown === plain ? masked : shown
  }
}

/** The same where only the lines that would show one lose their colour. */
function throughCodesOfLines(mask: Mask): Mask {
  const whole = throughCodes(mask)
  return (text) => {
    const lines = mask(text)
      .split(/(?<=\n)/)
      .map(whole)
    return whole(lines.join(''))
  }
}

/** How many characters at the end of the one, four at least or as many as said, are the beginning of the other; 0 for none. */
function overlap(one: string, other: string, shortest = SHORTEST): number {
  for (let length = Math.min(one.length, other.length); length >= shortest; length--) {
    if (other.startsWith(one.slice(one.length - length))) return length
  }
  return 0
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
  const forms = listForms(values)
  const mask = throughCodesOfLines(maskOf(forms))
  let held = ''

  /** A line without an end must not fill the memory: what may be the beginning of a value, or of a colour code, is all that waits. */
  function takeOfLine(): string {
    const codeAt = UNFINISHED_CODE.exec(held)?.index ?? held.length
    const masked = mask(held.slice(0, codeAt))
    const plain = plainText(masked)
    const isHidden = begunIn(plain, forms) > begunIn(masked, forms)
    const ready = isHidden ? plain : masked
    const shown = ready.slice(0, ready.length - begunIn(ready, forms))
    held = ready.slice(shown.length) + held.slice(codeAt)
    return shown
  }

  return {
    take(piece) {
      if (values.length === 0) return piece
      held += piece
      const end = held.lastIndexOf('\n') + 1
      const whole = mask(held.slice(0, end))
      held = held.slice(end)
      return held.length <= LONGEST_LINE ? whole : whole + takeOfLine()
    },
    rest() {
      const last = held
      held = ''
      return mask(last)
    },
  }
}

/** How many characters at the end of a text may be the beginning of a value. */
function begunIn(text: string, forms: readonly string[]): number {
  return forms.reduce((most, form) => Math.max(most, overlap(text, form, 1)), 0)
}

/** All ways in which the values may stand in a text, the longest first. */
function listForms(values: readonly string[]): string[] {
  const found = new Set(values.flatMap(formsOf).filter((form) => form.length >= SHORTEST && !PLAIN_WORDS.has(form)))
  return [...found].sort((one, other) => other.length - one.length)
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
    // As base64(1) and openssl(1) break lines.
    ...base64.flatMap((one) => (one.length <= 64 ? [] : [...(one.match(/.{1,76}/g) ?? []), ...(one.match(/.{1,64}/g) ?? [])])),
    encoded,
    JSON.stringify(trimmed).slice(1, -1),
  ]
}
