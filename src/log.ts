/** Fields of a log line: bounded, without secrets or URLs that carry credentials. */
export type LogFields = Record<string, unknown>

/** Structured log: a constant message and its fields, as pino takes them. */
export interface Log {
  debug(fields: LogFields, message: string): void
  info(fields: LogFields, message: string): void
  warn(fields: LogFields, message: string): void
  error(fields: LogFields, message: string): void
}

/** Keeps nothing. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} }
