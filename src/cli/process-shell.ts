import type { Shell } from './shell.ts'

/** The process as commands see it. */
export function createProcessShell(): Shell {
  // A reader that has seen enough, as in `fusee history | head`, is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    workingDirectory: process.cwd(),
    exitCode: 0,
    stopSignal,
  }
}

function stopSignal(): AbortSignal {
  const controller = new AbortController()
  function stop(): void {
    // Whoever asks twice means it: the next one ends the process.
    process.off('SIGINT', stop).off('SIGTERM', stop)
    controller.abort()
  }
  process.on('SIGINT', stop).on('SIGTERM', stop)
  return controller.signal
}
