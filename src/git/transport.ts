/** The two halves of a git server. */
export type GitService = 'git-upload-pack' | 'git-receive-pack'

/** Git's requests to one repository, whatever carries them. The bytes of answers are in git's format of packets. */
export interface GitTransport {
  /** For messages: the URL without credentials. */
  readonly where: string
  /** What a service says of itself before it is asked anything. Version 2 is asked for, which the service may not know. Throws GitError. */
  greet(service: GitService, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array>>
  /** One request to a service and its answer. `version` is what the service has greeted with. Throws GitError. */
  ask(service: GitService, body: Uint8Array, version: 0 | 2, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array>>
  /** Text from the remote, fit for a message. */
  quote(text: string): string
  /** Cuts off what is under way, and lets go of kept connections. */
  close(): void
}
