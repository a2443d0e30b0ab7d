const LONGEST_COMPARED = 64

/** `, did you mean "x"?` for the known name that is nearest, or '' when none is near; for the end of a message. */
export function didYouMean(name: string, known: readonly string[]): string {
  if (name.length > LONGEST_COMPARED) return ''
  const mostEdits = name.length <= 3 ? 1 : 2
  const near = known
    .filter((candidate) => Math.abs(candidate.length - name.length) <= mostEdits)
    .map((candidate) => ({ candidate, edits: countEdits(name.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ edits }) => edits <= mostEdits)
    .sort((one, other) => one.edits - other.edits)[0]
  return near === undefined ? '' : `, did you mean "${near.candidate}"?`
}

/** Insertions, deletions and replacements that turn one text into the other. */
function countEdits(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (const [index, character] of [...from].entries()) {
    const next = [index + 1]
    for (const [column, other] of [...to].entries()) {
      const replaced = (row[column] ?? 0) + (character === other ? 0 : 1)
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1))
    }
    row = next
  }
  return row[to.length] ?? 0
}
