/** The disk, a quota or a size limit leaves no room below the data folder. What was answered before is safe; the same call works once there is room. */
export class StorageFullError extends Error {
  override name = 'StorageFullError'
  constructor(folder: string, cause: unknown) {
    super(
      `No room left to write below ${folder} (${codeOf(cause)}). Free disk space or raise the quota: what runs goes on by itself then, what could not start has to be started again.`,
      { cause },
    )
  }
}

/** A file of the data folder cannot be read as what it should be. The message names it; nothing else is affected. */
export class CorruptFileError extends Error {
  override name = 'CorruptFileError'
  /** Absolute path. */
  readonly file: string
  constructor(file: string, problem: string) {
    super(`${file} is damaged: ${problem}. Put back a good copy or move the file away, then start again.`)
    this.file = file
  }
}

/** Code of a failed system call, such as `ENOENT`; '' for any other error. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

const NO_ROOM = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/** The error as callers of this folder should see it: StorageFullError for a lack of room, else unchanged. */
export function asStorageError(folder: string, error: unknown): unknown {
  return NO_ROOM.has(codeOf(error)) ? new StorageFullError(folder, error) : error
}
