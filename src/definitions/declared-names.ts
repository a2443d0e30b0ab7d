/**
 * Names of the workflows that a text seems to declare, for text that is no YAML: a guess, good enough to tell a file that
 * was broken from one that was deleted.
 */
export function declaredNames(text: string): string[] {
  const names = new Set<string>()
  for (const document of text.split(/^---/m)) {
    if (!/\bkind["']?\s{0,20}:\s{0,20}["']?Workflow\b/.test(document)) continue
    const name = /\bmetadata["']?\s{0,20}:[^]{0,400}?\bname["']?\s{0,20}:\s{0,20}["']?([a-z0-9][a-z0-9-]{0,62})\b/.exec(document)?.[1]
    if (name !== undefined) names.add(name)
  }
  return [...names]
}
