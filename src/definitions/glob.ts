/** Longest glob that is looked at; definitions refuse longer ones. */
export const LONGEST_GLOB = 256

/** A glob that has been read; null when it is empty or too long, which matches nothing. */
export type Glob = readonly Token[] | null

/**
 * One place of a glob: what it does with a character of the path.
 * `One` takes it when `takes` says so; `Any` takes any number of characters but `/`, `AnyDeep` of any characters;
 * `Folders` takes whole folders with their `/`, or nothing.
 */
type Token = { kind: 'One'; takes: (character: string) => boolean } | { kind: 'Any' } | { kind: 'AnyDeep' } | { kind: 'Folders' }

/**
 * Whether a glob means a text, a path or the name of an image:
 * - `*` is any number of characters but `/`, `**` any number with `/`, and `**` followed by `/` also no folder at all;
 * - `?` is one character but `/`, `[a-z]` one of these, `[!a-z]` or `[^a-z]` one that is none of these, and not `/`;
 * - `\` takes the next character as it is, and everything else stands for itself; names that begin with a dot are not special;
 * - a `/` at the start says nothing, one at the end means all that lies in that folder.
 *
 * Globs come with a push, so they are not turned into regular expressions: these can be made to take for ever. The time is the length
 * of the text times that of the glob.
 */
export function matchesGlob(glob: string, text: string): boolean {
  return matches(parseGlob(glob), [...text])
}

/** What is wrong with a glob, for the person who wrote it; null when it is good. */
export function globProblem(glob: string): string | null {
  if (glob === '' || glob === '!') return 'is empty: write a path such as docs/**'
  if (glob.length > LONGEST_GLOB) return `has ${glob.length} characters, at most ${LONGEST_GLOB} are allowed: use shorter globs`
  return null
}

/** Reads a glob. */
export function parseGlob(written: string): Glob {
  if (globProblem(written) !== null) return null
  const glob = [...written.replace(/^(\.?\/)+/, '').replace(/\/$/, '/**')]
  const tokens: Token[] = []
  let index = 0
  while (index < glob.length) {
    const { token, length } = parseToken(glob, index)
    tokens.push(token)
    index += length
  }
  return tokens
}

function parseToken(glob: readonly string[], index: number): { token: Token; length: number } {
  const character = glob[index] ?? ''
  if (character === '*') return parseStars(glob, index)
  if (character === '?') return { token: { kind: 'One', takes: (one) => one !== '/' }, length: 1 }
  if (character === '[') {
    const end = glob.indexOf(']', index + (/[!^]/.test(glob[index + 1] ?? '') ? 3 : 2))
    if (end > 0) return { token: parseClass(glob.slice(index + 1, end)), length: end - index + 1 }
  }
  const isEscaped = character === '\\' && index + 1 < glob.length
  const literal = isEscaped ? (glob[index + 1] ?? '') : character
  return { token: { kind: 'One', takes: (one) => one === literal }, length: isEscaped ? 2 : 1 }
}

function parseStars(glob: readonly string[], index: number): { token: Token; length: number } {
  let end = index
  while (glob[end] === '*') end++
  const length = end - index
  if (length === 1) return { token: { kind: 'Any' }, length }
  const startsName = index === 0 || glob[index - 1] === '/'
  if (startsName && glob[end] === '/') return { token: { kind: 'Folders' }, length: length + 1 }
  return { token: { kind: 'AnyDeep' }, length }
}

function parseClass(inner: readonly string[]): Token {
  const isNegated = inner[0] === '!' || inner[0] === '^'
  const members = isNegated ? inner.slice(1) : inner
  const ranges: [string, string][] = []
  for (let index = 0; index < members.length; index++) {
    const first = members[index] ?? ''
    const last = members[index + 1] === '-' ? members[index + 2] : undefined
    ranges.push([first, last ?? first])
    if (last !== undefined) index += 2
  }
  return { kind: 'One', takes: (one) => one !== '/' && ranges.some(([first, last]) => first <= one && one <= last) !== isNegated }
}

/** Whether a glob means these characters: walks them once, with the set of all places of the glob that may come next. */
export function matches(tokens: Glob, path: readonly string[]): boolean {
  if (tokens === null) return false
  let places = withSkips(tokens, new Set([0]))
  let startsName = true
  for (const character of path) {
    const next = new Set<number>()
    for (const place of places) {
      const token = tokens[place]
      if (token === undefined) continue
      const goesOn = token.kind === 'One' && token.takes(character)
      const stays = (token.kind === 'Any' && character !== '/') || token.kind === 'AnyDeep' || token.kind === 'Folders'
      if (goesOn) next.add(place + 1)
      if (stays) next.add(place)
    }
    startsName = character === '/'
    places = withSkips(tokens, next, startsName)
    if (places.size === 0) return false
  }
  return places.has(tokens.length)
}

/** Adds the places behind stars, which may take nothing more; folders are behind one only where a name starts. */
function withSkips(tokens: readonly Token[], places: Set<number>, startsName = true): Set<number> {
  for (const place of places) {
    const kind = tokens[place]?.kind
    if (kind === 'Any' || kind === 'AnyDeep' || (kind === 'Folders' && startsName)) places.add(place + 1)
  }
  return places
}
