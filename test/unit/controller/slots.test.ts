import { describe, expect, it } from 'vitest'
import { createSlots } from '../../../src/controller/slots.ts'
import { createSeededRandom } from '../../../src/simulation/seeded-random.ts'

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

  it('wake one run for each that is free, of however many workflows that wait', () => {
    const woken: string[] = []
    const slots = createSlots(3, (run) => woken.push(run))
    slots.note(of('a'), 3)
    for (let index = 0; index < 100; index++) slots.wait(of(`w${index}`))
    slots.note(of('a'), 1)
    expect(woken).toEqual(['w0-1', 'w1-1'])
  })
})

/** Workflows whose runs want steps, by their slots alone: every pass asks, starts what it may, and says whether it could have started more. */
function createContest(limit: number, demands: Readonly<Record<string, number>>) {
  const woken = new Set<string>()
  const slots = createSlots(limit, (run) => woken.add(run))
  const states = new Map(Object.entries(demands).map(([run, open]) => [run, { run, workflow: run.slice(0, 1), open, active: 0 }]))

  function pass(run: string): void {
    const state = states.get(run)
    if (state === undefined) return
    const free = slots.free(state)
    const begun = Math.min(free, state.open)
    if (state.open > free) slots.wait(state)
    state.open -= begun
    state.active += begun
    slots.note(state, state.active)
  }

  return {
    /** Lets everybody who is woken pass, in an order that `pick` chooses. */
    settle(pick: (count: number) => number, first: readonly string[] = []): void {
      for (const run of first) woken.add(run)
      for (let passes = 0; woken.size > 0; passes++) {
        if (passes > 1000) throw new Error('they wake each other for ever')
        const run = [...woken][pick(woken.size)] ?? ''
        woken.delete(run)
        pass(run)
      }
    },
    change(run: string, change: (state: { open: number; active: number }) => void): void {
      const state = states.get(run)
      if (state !== undefined) change(state)
      woken.add(run)
    },
    states,
  }
}

describe('slots of a Repository, whatever is wanted of them', () => {
  const SEEDS = Array.from({ length: 60 }, (_, index) => index)

  it.each(SEEDS)('stay unused only where nobody waits, and are shared: story %i', (seed) => {
    const random = createSeededRandom(`slots ${seed}`)
    const limit = random.integer(1, 9)
    const names = ['a-1', 'b-1', 'b-2', 'c-1', 'a-2', 'd-1'].slice(0, random.integer(2, 6))
    const contest = createContest(limit, Object.fromEntries(names.map((name) => [name, random.integer(0, 12)])))
    const pick = (count: number): number => random.integer(0, count - 1)
    contest.settle(pick, names)
    for (let turn = 0; turn < 60; turn++) {
      // Several things may have happened before anybody looks.
      for (let count = random.integer(1, 3); count > 0; count--) {
        contest.change(random.pick(names), (state) => {
          const happening = random.pick(['End', 'End', 'End', 'Want', 'GiveUp'])
          if (happening === 'End') state.active = Math.max(0, state.active - 1)
          else state.open = happening === 'Want' ? state.open + random.integer(1, 6) : 0
        })
      }
      contest.settle(pick)
      const all = [...contest.states.values()]
      const active = all.reduce((sum, one) => sum + one.active, 0)
      expect(active).toBeLessThanOrEqual(limit)
      if (active < limit) expect(all.filter(({ open }) => open > 0)).toEqual([])
    }
  })

  it.each(SEEDS)('come to equal shares where all want more, once what ran before has ended: story %i', (seed) => {
    const random = createSeededRandom(`shares ${seed}`)
    const limit = random.integer(2, 9)
    const names = ['a-1', 'b-1', 'c-1', 'd-1'].slice(0, random.integer(2, 4))
    const contest = createContest(limit, Object.fromEntries(names.map((name) => [name, 1000])))
    const pick = (count: number): number => random.integer(0, count - 1)
    // The first has them all before the others come.
    contest.settle(pick, ['a-1'])
    contest.settle(pick, names)
    for (let turn = 0; turn < limit; turn++) {
      const running = [...contest.states].filter(([, { active }]) => active > 0)
      const [run] = running.find(([name]) => name === 'a-1') ?? random.pick(running)
      contest.change(run, (state) => state.active--)
      contest.settle(pick)
    }
    const shares = [...contest.states.values()].map(({ active }) => active)
    expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1)
    expect(shares.reduce((sum, share) => sum + share, 0)).toBe(limit)
  })
})
