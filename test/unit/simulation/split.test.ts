import { describe, expect, it } from 'vitest'
import type { Schedule, Workflow } from '../../../src/definitions/workflow.ts'
import { mostAtOnce, splitFiles } from '../../../src/simulation/split.ts'

const workflow = (name: string, file: string, ...after: string[]) =>
  ({ name, file, upstream: after.map((one) => ({ workflow: one, result: null })) }) as unknown as Workflow
const schedule = (name: string, file = name, of = name) => ({ name, file, workflow: of }) as unknown as Schedule

describe('what is simulated side by side', () => {
  it('stays together with what it starts, what starts it, and what lies in the same file', () => {
    const workflows = [workflow('a', 'a'), workflow('b', 'b', 'a'), workflow('c', 'c'), workflow('d', 'c'), workflow('e', 'e'), workflow('f', 'f')]
    const schedules = [schedule('a'), schedule('c'), schedule('e'), schedule('often', 'often', 'e')]
    const weights: Record<string, number> = { a: 5, c: 3, e: 1, often: 3 }
    expect(splitFiles({ workflows, schedules }, 2, ({ name }) => weights[name] ?? 0)).toEqual([
      ['a', 'b'],
      ['c', 'e', 'often'],
    ])
    expect(splitFiles({ workflows, schedules }, 9, () => 1)).toHaveLength(3)
  })

  it.each([
    { activities: [{ starts: [1, 2], ends: [5, 6] }], wantMost: 2 },
    {
      activities: [
        { starts: [1, 7], ends: [5, 9] },
        { starts: [4], ends: [8] },
      ],
      wantMost: 2,
    },
    // What begins as another ends counts beside it.
    {
      activities: [
        { starts: [1], ends: [5] },
        { starts: [5], ends: [8] },
      ],
      wantMost: 2,
    },
    {
      activities: [
        { starts: [1], ends: [4] },
        { starts: [5], ends: [8] },
      ],
      wantMost: 1,
    },
    // One that does not end.
    { activities: [{ starts: [1, 9], ends: [] }], wantMost: 2 },
    { activities: [{ starts: [], ends: [] }], wantMost: 0 },
  ])('has at most $wantMost steps at once', ({ activities, wantMost }) => {
    expect(mostAtOnce(activities)).toBe(wantMost)
  })
})
