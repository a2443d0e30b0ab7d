import { watch } from 'node:fs/promises'
import path from 'node:path'

/** Changes that come together, as when an editor saves, are one. */
export const SETTLE_MS = 20

/**
 * Calls `changed` with the paths below the folder that changed, relative to it and with `/`, one call at a time, until the signal aborts. What
 * lies in `.git` does not count. `begin` is called once, when nothing is missed any more. Rejects when either does.
 */
export async function watchFolder(
  root: string,
  signal: AbortSignal,
  begin: () => Promise<void>,
  changed: (paths: string[]) => Promise<void>,
): Promise<void> {
  const events = watch(root, { recursive: true, signal })[Symbol.asyncIterator]()
  try {
    // The first question starts the watching.
    let next = events.next()
    await begin()
    for (let paths = await gather(next); ; paths = await gather(next)) {
      next = paths.next
      if (paths.found.length > 0) await changed(paths.found)
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }

  /** The paths of the next change, and of those that follow at once. */
  async function gather(first: ReturnType<typeof events.next>): Promise<{ found: string[]; next: ReturnType<typeof events.next> }> {
    const found = new Set<string>()
    let next = first
    for (let event = await next; ; event = await next) {
      const changedPath = event.done === true ? '' : (event.value.filename ?? '').split(path.sep).join('/')
      if (changedPath !== '' && changedPath !== '.git' && !changedPath.startsWith('.git/')) found.add(changedPath)
      next = events.next()
      next.catch(() => undefined)
      if (await isQuiet(next)) return { found: [...found], next }
    }
  }
}

/** Whether nothing more comes for a moment. */
async function isQuiet(next: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const quiet = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, SETTLE_MS, true)
  })
  const more = next.then(
    () => false,
    () => false,
  )
  return Promise.race([quiet, more]).finally(() => clearTimeout(timer))
}
