import type { CrashPoint, WriteSite } from '../crash-points.ts'
import { CRASH_POINTS, plainWriteSite } from '../crash-points.ts'

/** Where a test wants the process to end: before or after the write at a crash point, the n-th time that it is passed. */
export interface CrashSwitch {
  point: CrashPoint
  side: 'before' | 'after'
  /** From 1. */
  pass: number
}

/** Reads `<crash point>:<before|after>[:<pass>]`; throws TypeError with what is allowed when it is nothing of the kind. */
export function parseCrashSwitch(text: string): CrashSwitch {
  const [name = '', side = '', pass = '1'] = text.split(':')
  const point = CRASH_POINTS.find((one) => one === name)
  if (point === undefined) throw new TypeError(`no crash point ${JSON.stringify(name)}: it is one of ${CRASH_POINTS.join(', ')}`)
  if (side !== 'before' && side !== 'after') throw new TypeError(`a crash point is passed before or after its write, not ${JSON.stringify(side)}`)
  if (!/^[1-9]\d*$/.test(pass)) throw new TypeError(`the pass of a crash point counts from 1: ${JSON.stringify(pass)}`)
  return { point, side, pass: Number(pass) }
}

/** A write site that ends the process by `stop` where the switch says; without a switch it only writes. */
export function createWriteSite(crashSwitch: CrashSwitch | null, stop: () => void): WriteSite {
  if (crashSwitch === null) return plainWriteSite
  let passes = 0
  return async (point, write) => {
    if (point !== crashSwitch.point || ++passes !== crashSwitch.pass) return write()
    if (crashSwitch.side === 'before') stop()
    const result = await write()
    if (crashSwitch.side === 'after') stop()
    return result
  }
}
