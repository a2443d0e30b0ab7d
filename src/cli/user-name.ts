import { userInfo } from 'node:os'

/** Who runs this, for people. Containers run as users of which nobody has heard, as on OpenShift: those go by their number. */
export function userName(read = (): string => userInfo().username): string {
  try {
    return read()
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`
  }
}
