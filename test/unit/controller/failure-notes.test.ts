import { describe, expect, it } from 'vitest'
import { createFailureNotes } from '../../../src/controller/failure-notes.ts'

const full = new Error('no room left')

describe('failure notes', () => {
  it('take one message of several keys as one piece of news', () => {
    const notes = createFailureNotes()
    expect([notes.note('a', full), notes.note('a', full), notes.note('b', full)]).toEqual([true, false, false])
  })

  it('take another message of a known key as news', () => {
    const notes = createFailureNotes()
    expect([notes.note('a', full), notes.note('a', 'something else')]).toEqual([true, true])
  })

  it('take the message as news again once every key has recovered', () => {
    const notes = createFailureNotes()
    notes.note('a', full)
    notes.note('b', full)
    notes.forget('a')
    expect(notes.note('c', full)).toBe(false)
    notes.forget('b')
    notes.forget('c')
    expect(notes.note('a', full)).toBe(true)
  })
})
