import { excerpt } from '../excerpt.ts'

/** Units of other systems, and what Kubernetes calls them. */
const UNITS: Readonly<Record<string, string>> = {
  b: '',
  kb: 'k',
  mb: 'M',
  gb: 'G',
  tb: 'T',
  kib: 'Ki',
  mib: 'Mi',
  gib: 'Gi',
  tib: 'Ti',
  ki: 'Ki',
  mi: 'Mi',
  gi: 'Gi',
  ti: 'Ti',
  g: 'G',
  t: 'T',
}

/** What is wrong with an amount that Kubernetes would not read, for the end of a sentence. */
export function describeQuantity(value: unknown): string {
  const message = `is no quantity of Kubernetes: ${excerpt(value)}`
  const parts = typeof value === 'string' ? /^\s*([0-9.]+)\s*([A-Za-z]*)\s*$/.exec(value) : null
  const [, amount = '', unit = ''] = parts ?? []
  const known = Object.hasOwn(UNITS, unit.toLowerCase()) ? UNITS[unit.toLowerCase()] : unit === 'K' ? 'k' : undefined
  if (amount !== '' && known !== undefined && known !== unit) return `${message}, did you mean ${excerpt(`${amount}${known}`)}?`
  return `${message}; write a number with m, k, M, G, T or Ki, Mi, Gi, Ti, such as 100m of CPU or 64Mi of memory`
}

/** A quantity of Kubernetes in its parts. */
const PARTS = /^([+-]?)([0-9]{0,40})(?:[.]([0-9]{0,40}))?(?:([KMGTPE]i|[numkMGTPE])|[eE]([+-]?[0-9]{1,2}))?$/

const DECIMAL: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 }
const BINARY = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']

/** Billionths, which is as fine as Kubernetes goes. */
const FINEST = 9

/** An amount in billionths, rounded up as Kubernetes does; null when it is none that can be told. */
export function parseQuantity(value: unknown): bigint | null {
  const text = typeof value === 'number' ? String(value) : typeof value === 'string' ? value : ''
  const [, sign, whole = '', fraction = '', suffix = '', exponent = '0'] = PARTS.exec(text) ?? []
  if (sign === undefined || whole + fraction === '') return null
  const power = FINEST + (DECIMAL[suffix] ?? 0) + Number(exponent) - fraction.length
  const digits = BigInt(whole + fraction) * 1024n ** BigInt(BINARY.indexOf(suffix) + 1)
  const amount = power >= 0 ? digits * 10n ** BigInt(power) : divideUp(digits, 10n ** BigInt(-power))
  return sign === '-' ? -amount : amount
}

function divideUp(amount: bigint, by: bigint): bigint {
  return (amount + by - 1n) / by
}
