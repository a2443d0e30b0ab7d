import { describe, expect, it } from 'vitest'
import { createWriteSite, parseCrashSwitch } from '../../../src/config/crash-switch.ts'

describe('the crash switch', () => {
  it.each([
    ['run-created:before', { point: 'run-created', side: 'before', pass: 1 }],
    ['job-created:after:3', { point: 'job-created', side: 'after', pass: 3 }],
  ])('%s', (text, want) => {
    expect(parseCrashSwitch(text)).toEqual(want)
  })

  it.each([
    ['nowhere:before', 'no crash point "nowhere"'],
    ['run-created:during', 'before or after its write'],
    ['run-created:after:0', 'counts from 1'],
  ])('%s is refused', (text, want) => {
    expect(() => parseCrashSwitch(text)).toThrow(want)
  })

  it('stops before or after the write, on the wanted pass only', async () => {
    for (const side of ['before', 'after'] as const) {
      const seen: string[] = []
      const site = createWriteSite({ point: 'run-created', side, pass: 2 }, () => seen.push('stop'))
      const write = (point: 'run-created' | 'job-created') => site(point, () => Promise.resolve(void seen.push(point)))
      await write('run-created')
      await write('job-created')
      await write('run-created')
      await write('run-created')
      const second = side === 'before' ? ['stop', 'run-created'] : ['run-created', 'stop']
      expect(seen).toEqual(['run-created', 'job-created', ...second, 'run-created'])
    }
  })
})
