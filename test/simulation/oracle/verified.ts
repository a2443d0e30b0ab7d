import { verifyHistory } from '../../../src/history/verify/verify.ts'
import { NOTE } from '../git-remote.ts'
import type { Case } from './case.ts'

/** Judges, at the end, that `fusee history verify` finds nothing wrong with what the controller has written, but for what others left there. */
export async function checkVerified({ facts, remote, complain }: Case): Promise<void> {
  if (facts.statusTip === null) return
  const { findings } = await verifyHistory({ log: remote.log, tip: facts.statusTip, keys: null, since: null, anchors: [], against: null })
  const notes = new Set<string>(facts.statusCommits.filter(({ message }) => message === NOTE.message).map(({ sha }) => sha))
  for (const { rule, commit, path, message } of findings) {
    if (commit !== null && notes.has(commit)) continue
    complain('verify', `${rule} in ${commit ?? 'the tip'}${path === null ? '' : ` at ${path}`}: ${message}`)
  }
}
