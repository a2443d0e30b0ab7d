/** An answer that is no object: HTTP status, and the reason by which clients tell what it means. */
export class ApiFailure extends Error {
  readonly code: number
  readonly reason: string
  readonly causes: readonly string[]
  constructor(code: number, reason: string, message: string, causes: readonly string[] = []) {
    super(message)
    this.code = code
    this.reason = reason
    this.causes = causes
  }

  /** The Status object that says so. */
  toStatus(): Record<string, unknown> {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: this.message,
      reason: this.reason,
      code: this.code,
      details: { causes: this.causes.map((reason) => ({ reason })) },
    }
  }
}
