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
