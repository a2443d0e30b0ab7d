import { describe, expect, it } from 'vitest'
import { createSlots } from '../../../src/controller/slots.ts'

const of = (workflow: string, run = `${workflow}-1`) => ({ run, workflow })

describe('slots of a Repository', () => {
  it('go to whoever asks while nobody waits', () => {
    const slots = createSlots(5, () => undefined)
    slots.note(of('a'), 3)
    expect(slots.free(of('b'))).toBe(2)
    expect(slots.free(of('a'))).toBe(2)
  })

  it('are shared equally between workflows that wait', () => {
    const slots = createSlots(5, () => undefined)
    slots.note(of('large'), 5)
    slots.wait(of('large'))
    expect(slots.free(of('small'))).toBe(0)
    slots.wait(of('small'))
    slots.note(of('large'), 4)
    expect(slots.free(of('large'))).toBe(0)
    slots.wait(of('large'))
    expect(slots.free(of('small'))).toBe(1)
  })

  it('leave none unused: a share is rounded up, and what others do not use is shared too', () => {
    const slots = createSlots(10, () => undefined)
    slots.note(of('idle'), 1)
    slots.wait(of('a'))
    slots.wait(of('b'))
    expect(slots.free(of('a'))).toBe(5)
    slots.note(of('a'), 5)
    slots.wait(of('a', 'a-2'))
    expect(slots.free(of('b'))).toBe(4)
  })

  it('wake those who wait when one is free, until their next pass', () => {
    const woken: string[] = []
    const slots = createSlots(1, (run) => woken.push(run))
    slots.note(of('a'), 1)
    slots.wait(of('b'))
    slots.note(of('a'), 0)
    slots.note(of('c'), 1)
    slots.forget('c-1')
    expect(woken).toEqual(['b-1', 'b-1'])
    slots.free(of('b'))
    slots.note(of('c'), 1)
    slots.note(of('c'), 0)
    expect(woken).toEqual(['b-1', 'b-1'])
  })
})
