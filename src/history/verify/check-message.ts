import type { StoredCommit } from '../../git/ports.ts'
import { isTicksSubject, recordTrailers, REFILL_NOTES, subjectsOf, trailersIn } from '../commit-message.ts'
import type { RunRecord } from '../record.ts'
import type { Complain } from './ledger.ts'

const NOTES: readonly string[] = Object.values(REFILL_NOTES)

/** Checks that a message says what its commit holds: each record is named once, as it is, and nothing else is told. */
export function checkMessage({ message }: StoredCommit, added: readonly RunRecord[], isOfTicks: boolean, complain: Complain): void {
  checkTrailers(message, added, complain)
  const words = message
    .split('\n')
    .filter((line) => !/^Fusee-[A-Z][a-z]+: /.test(line))
    .join('\n')
  const [subject = '', ...paragraphs] = words.trim().split(/\n\n+/)
  const subjects = subjectsOf(added)
  if (added.length > 0 && !subjects.includes(subject))
    complain('message-differs', null, `its first line should be ${JSON.stringify(subjects.at(-1))}`)
  if (added.length === 0 && isOfTicks && !isTicksSubject(subject))
    complain('message-differs', null, 'it tells fates of ticks, and its first line does not say so')
  for (const paragraph of paragraphs.filter((text) => !NOTES.includes(text)))
    complain('message-differs', null, `Fusee does not write such a message: ${JSON.stringify(paragraph.slice(0, 80))}`)
}

function checkTrailers(message: string, added: readonly RunRecord[], complain: Complain): void {
  const said = trailersIn(message)
  const wanted = added.map((record) => ({ record, trailers: recordTrailers(record) }))
  for (const { record, trailers } of wanted) {
    const about = trailers.split('\n')[0] ?? ''
    const found = said.filter((text) => text.split('\n')[0] === about)
    if (found.length === 0) complain('message-differs', null, `it records ${record.run} and does not say so in its trailers`)
    else if (found.length > 1 || found[0] !== trailers)
      complain('message-differs', null, `its trailers do not tell what the record of ${record.run} says`)
  }
  const names = new Set(wanted.map(({ trailers }) => trailers.split('\n')[0]))
  for (const text of said) {
    const [about = ''] = text.split('\n')
    if (!names.has(about)) complain('message-differs', null, `its trailers name ${about.replace('Fusee-Run: ', '')}, of which it holds no new record`)
  }
}
