import { GitError } from './ports.ts'
import type { GitService } from './transport.ts'

/** How a service ended that said nothing in git's format. */
export interface ServiceEnd {
  where: string
  service: GitService
  /** Null when it was cut off, or killed. */
  code: number | null
  /** What it said to people, as one line. */
  talk: string
}

const NOT_FOUND = /not found|could not be found|does not appear to be a git repository|does not exist|no such (file|repo)/i
const FORBIDDEN = /permission|denied|not allowed|no access|unauthori[sz]ed|forbidden|read.?only|deploy key|write access/i
const NO_SHELL = 127

/** The end of a service as a failure. Servers have only their words to say what is wrong. */
export function serviceError({ where, service, code, talk }: ServiceEnd): GitError {
  const said = talk === '' ? '' : ` (it says: ${talk})`
  if (NOT_FOUND.test(talk) && code !== NO_SHELL) {
    return new GitError('RepositoryNotFound', `no repository at ${where}, or none that this key may see: check the URL and the key's rights${said}`)
  }
  if (FORBIDDEN.test(talk)) {
    if (service === 'git-receive-pack') return new GitError('PushRefused', `${where} does not let this key write: give it the right to push${said}`)
    return new GitError('Unauthorized', `${where} does not let this key read: give it the right${said}`)
  }
  if (code === null) return new GitError('Unreachable', `cannot reach ${where}: the connection was cut; it is tried again${said}`)
  return new GitError('Corrupt', `${where} does not answer as a Git server (${service} ended with ${code}): check the URL${said}`)
}
