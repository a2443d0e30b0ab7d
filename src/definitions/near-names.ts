/** Words of other systems and what they are called here. */
const SYNONYMS: Record<string, string> = {
  cmd: 'command',
  bool: 'boolean',
  container: 'image',
  depends_on: 'dependsOn',
  conclusion: 'result',
  depends: 'dependsOn',
  dict: 'object',
  environment: 'env',
  failure: 'Failed',
  float: 'number',
  int: 'integer',
  jobs: 'steps',
  list: 'array',
  map: 'object',
  needs: 'dependsOn',
  on: 'triggers',
  outcome: 'result',
  outputs: 'results',
  parameters: 'params',
  run: 'script',
  sha: 'commit',
  status: 'result',
  str: 'string',
  success: 'Succeeded',
  tasks: 'steps',
  timezone: 'timeZone',
  'continue-on-error': 'allowFailure',
}

const LONGEST_COMPARED = 64
const MOST_COMPARED = 1000

/** The known name that was probably meant; null when none is near. */
export function nearestName(name: string, known: readonly string[]): string | null {
  if (name.length > LONGEST_COMPARED) return null
  const lower = name.toLowerCase()
  const equal = known.find((candidate) => candidate.toLowerCase() === lower)
  if (equal !== undefined) return equal
  const synonym = Object.hasOwn(SYNONYMS, lower) ? SYNONYMS[lower] : undefined
  // Of `outputs` and `output` the spelling is the nearer mistake.
  const isOther = synonym !== undefined && known.includes(synonym) && !known.includes(lower.replace(/s$/, ''))
  if (isOther) return synonym
  let nearest: string | null = null
  let best = lower.length <= 3 ? 2 : 3
  for (const candidate of known.slice(0, MOST_COMPARED)) {
    const distance = Math.abs(candidate.length - name.length) < best ? editDistance(lower, candidate.toLowerCase()) : best
    if (distance < best) [nearest, best] = [candidate, distance]
  }
  return nearest
}

/** `, did you mean "x"?` or nothing; for the end of a message. */
export function didYouMean(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known)
  return nearest === null ? '' : `, did you mean ${JSON.stringify(nearest)}?`
}

/** Insertions, deletions, replacements and swaps of neighbours that turn one text into the other. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      let distance = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + cost)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) distance = Math.min(distance, at(beforeLast, j - 2) + 1)
      row.push(distance)
    }
    ;[beforeLast, last] = [last, row]
  }
  return at(last, b.length)
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity
}
