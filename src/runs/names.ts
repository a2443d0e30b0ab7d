import { hash } from 'node:crypto'
import type { ObjectRef } from './objects.ts'
import type { Trigger } from './run.ts'

/** Without vowels and look-alikes, so that no hash spells a word or is misread. */
const ALPHABET = '23456789bcdfghjkmnpqrstvwxz'
const HASH_LENGTH = 10
const LONGEST_RUN_PREFIX = 40
/** A pod is called `<job>-<five letters>`, and one of an Indexed Job is the host `<job>-<number>`: both have room within 63 characters. */
const LONGEST_JOB_NAME = 57
const LONGEST_LABEL = 63

/** Ten characters that are the same for equal parts, on every machine and for ever. */
export function hashOf(parts: readonly string[]): string {
  const digest = hash('sha256', JSON.stringify(parts), 'hex')
  // The first 64 bits as two halves, divided by hand: each pass over a run asks for names, and BigInt is ten times as slow.
  let high = Number.parseInt(digest.slice(0, 8), 16)
  let low = Number.parseInt(digest.slice(8, 16), 16)
  let text = ''
  for (let index = 0; index < HASH_LENGTH; index++) {
    const carried = (high % ALPHABET.length) * 2 ** 32 + low
    high = Math.floor(high / ALPHABET.length)
    low = Math.floor(carried / ALPHABET.length)
    text += ALPHABET[carried % ALPHABET.length] ?? ''
  }
  return text
}

/** What makes two triggers the same trigger: equal identities are one run. */
export function triggerIdentity(trigger: Trigger, commit: string): string[] {
  switch (trigger.kind) {
    case 'Push':
      return [trigger.branch, commit]
    case 'Schedule':
    case 'Backfill':
      return [trigger.schedule, trigger.tick]
    case 'Webhook':
      return [trigger.delivery]
    case 'Workflow':
      return [trigger.run]
    case 'Api':
    case 'Manual':
    case 'Rerun':
      return [trigger.key]
  }
}

/** The name of a run: the same for the same Repository, workflow and trigger, for ever. At most 51 characters. */
export function runName(repository: ObjectRef, workflow: string, trigger: Trigger, commit: string): string {
  const identity = triggerIdentity(trigger, commit)
  const end = hashOf([repository.namespace, repository.name, workflow, trigger.kind, ...identity])
  return `${cut(workflow, LONGEST_RUN_PREFIX)}-${end}`
}

/** Each pass over a run asks for the names of all its Jobs. */
const jobNames = new Map<string, string>()
const MOST_JOB_NAMES = 5000

/** The name of a step's Job: the same for the same run and step, for ever. A DNS label of at most 57 characters, though the name of a Run that a person makes may hold dots. */
export function jobName(run: string, step: string): string {
  const key = `${run} ${step}`
  const known = jobNames.get(key)
  if (known !== undefined) return known
  const readable = cut(`${run.replaceAll('.', '-')}-${step.replaceAll(/[^a-z0-9]+/g, '-')}`, LONGEST_JOB_NAME - HASH_LENGTH - 1)
  const name = `${readable}-${hashOf([run, step])}`
  if (jobNames.size >= MOST_JOB_NAMES) jobNames.clear()
  jobNames.set(key, name)
  return name
}

/** The step's name as the value of a label: at most 63 characters, which an expansion of a step with a long name would exceed. */
export function stepLabel(step: string): string {
  const text = step.replaceAll('/', '.')
  return text.length <= LONGEST_LABEL ? text : `${cut(text, LONGEST_LABEL - HASH_LENGTH - 1)}-${hashOf([step])}`
}

function cut(text: string, length: number): string {
  return text.slice(0, length).replace(/-+$/, '')
}
