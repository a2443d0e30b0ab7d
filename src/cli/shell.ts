/** How the program ends: 0 good, 1 the thing asked about failed, 2 wrong use or invalid definitions. */
export type ExitCode = 0 | 1 | 2

/** What a command touches of the process that runs it. Tests pass one of their own. */
export interface Shell {
  readonly stdout: NodeJS.WritableStream
  readonly stderr: NodeJS.WritableStream
  readonly env: Readonly<Record<string, string | undefined>>
  readonly workingDirectory: string
  /** How the program ends when nothing is thrown; 0 at first. Set it when the thing asked about failed and what was printed says so already. */
  exitCode: ExitCode
  /** Aborts at the first SIGINT or SIGTERM. Until a command calls this, those end the process at once; the second one always does. */
  stopSignal(): AbortSignal
}

/** The user asked for something that makes no sense: one line says what and what to do, and the exit code is 2. Any other error ends with 1. */
export class UsageError extends Error {
  override name = 'UsageError'
  /** Lines below the message. */
  readonly details: string

  constructor(message: string, { details = '', ...options }: ErrorOptions & { details?: string } = {}) {
    super(message, options)
    this.details = details
  }
}
