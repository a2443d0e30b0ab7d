const SHELLS: ReadonlySet<string> = new Set(['ash', 'bash', 'dash', 'fish', 'ksh', 'mksh', 'sh', 'zsh'])

/** Index of the first word after `sh -c`: whatever stands there is program text, or next to it. Null where no shell is told to run a text. */
export function afterShell(words: readonly unknown[]): number | null {
  const shell = words.findIndex((word) => typeof word === 'string' && SHELLS.has(word.split('/').at(-1) ?? ''))
  if (shell < 0) return null
  const option = words.findIndex((word, index) => index > shell && typeof word === 'string' && /^-[A-Za-z]*c[A-Za-z]*$/.test(word))
  return option < 0 ? null : option + 1
}
