/**
 * Replaces `$(NAME)` as Kubernetes does in command, args and env: a name without a value stays as written, `$$` is one `$`
 * and shields what follows from being a reference.
 */
export function expandReferences(text: string, valueOf: (name: string) => string | undefined): string {
  return text.replaceAll(/\$\$|\$\(([^)]*)\)/g, (match: string, name: string | undefined) => {
    if (match === '$$') return '$'
    return (name === undefined ? undefined : valueOf(name)) ?? match
  })
}
