/** What stands where the value of a Secret was. */
const MASK = '***'

/** Shorter values would mask ordinary text. */
const SHORTEST = 4

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
  const forms = new Set(values.flatMap(formsOf).filter((form) => form.length >= SHORTEST))
  return [...forms].sort((one, other) => other.length - one.length).reduce((masked, form) => masked.replaceAll(form, MASK), text)
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
