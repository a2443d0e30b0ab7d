import { describe, expect, it } from 'vitest'
import {
  formatIdentity,
  isAlive,
  machineId,
  ownIdentity,
  parseIdentity,
  parseStat,
  processSource,
} from '../../../../src/cluster/local/process-identity.ts'
import type { ProcessInfo } from '../../../../src/cluster/local/process-tree.ts'
import { findContainerProcesses, listProcesses } from '../../../../src/cluster/local/process-tree.ts'

describe('the identity of a process', () => {
  it('survives being written and read', () => {
    const identity = ownIdentity()
    expect(parseIdentity(formatIdentity(identity))).toEqual(identity)
  })

  it.each(['', 'abandoned', '1|2', '1|2|3|4', '-1|2|3', 'x|2|3'])('is not found in %j', (text) => {
    expect(parseIdentity(text)).toBeNull()
  })

  it.each(['proc', 'ps'] as const)('tells the living from the dead by %s', (source) => {
    if (source === 'proc' && processSource() === 'ps') return
    const own = ownIdentity(source)
    expect(isAlive(own, source)).toBe(true)
    expect(isAlive({ ...own, start: '1' }, source)).toBe(false)
    expect(isAlive({ ...own, pid: 2 ** 22 + 1 }, source)).toBe(false)
    expect(isAlive({ ...own, machine: `${machineId()}x` }, source)).toBe(false)
  })

  it('is read past a name that looks like fields', () => {
    const rest = Array.from({ length: 19 }, (_, index) => index + 4).join(' ')
    expect(parseStat(`12 (a) R (b) c) S ${rest}`)).toEqual({ state: 'S', ppid: 4, pgid: 5, session: 6, start: '22' })
    expect(parseStat('12 (a) S 1')).toBeNull()
  })
})

describe('the processes of a pod', () => {
  const one = (pid: number, ppid: number, pgid: number, session: number, pod: string | null = null): ProcessInfo => ({
    pid,
    ppid,
    pgid,
    session,
    start: '1',
    pod,
  })
  const script = [one(10, 5, 10, 10, 'u'), one(11, 10, 10, 10, 'u'), one(12, 10, 10, 10, 'u')]
  const strangers = [one(1, 0, 1, 1), one(5, 1, 5, 5), one(90, 5, 90, 90, 'other'), one(91, 90, 90, 90, 'other')]

  const cases: [string, ProcessInfo[], number[]][] = [
    ['none but the script', [], []],
    ['the container', [one(20, 11, 20, 20, 'u')], [20]],
    ['its children', [one(20, 11, 20, 20, 'u'), one(21, 20, 20, 20, 'u'), one(22, 21, 20, 20, 'u')], [20, 21, 22]],
    ['what is in its control group, and what that started', [one(40, 1, 40, 40), one(41, 40, 41, 41)], [40, 41]],
    ['orphans of its group', [one(21, 1, 20, 20)], [21]],
    ['orphans in other sessions', [one(30, 1, 30, 30, 'u'), one(31, 30, 30, 30)], [30, 31]],
    ['children without environment in other sessions', [one(20, 11, 20, 20, 'u'), one(30, 20, 30, 30)], [20, 30]],
    ['members of the sessions of others found', [one(30, 1, 30, 30, 'u'), one(31, 1, 31, 30)], [30, 31]],
  ]
  it.each(cases)('are %s', (_what, own, want) => {
    const found = findContainerProcesses([...strangers, ...script, ...own], { uid: 'u', leader: 10, groups: [20], members: [40] })
    expect(found.map(({ pid }) => pid).sort()).toEqual(want)
  })

  it('are the script’s too once that has lost its leader', () => {
    const found = findContainerProcesses([...strangers, ...script.slice(1)], { uid: 'u', leader: null, groups: [], members: [] })
    expect(found.map(({ pid }) => pid)).toEqual([11, 12])
  })

  it.each(['proc', 'ps'] as const)('are listed from %s with this very process', (source) => {
    if (source === 'proc' && processSource() === 'ps') return
    const own = listProcesses(source).find(({ pid }) => pid === process.pid)
    expect(own).toMatchObject({ ppid: process.ppid, start: ownIdentity(source).start })
  })
})
