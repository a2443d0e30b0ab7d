/*
 * Loaded by `node --import` before a program: its clock is off by as many milliseconds as the file FUSEE_TEST_CLOCK says at that moment, as if
 * the machine's own had been set. What really passes (timers, performance.now) is left alone.
 */
import { readFileSync } from 'node:fs'

const MachineDate = Date
const file = process.env.FUSEE_TEST_CLOCK ?? ''
const now = () => MachineDate.now() + Number(readFileSync(file, 'utf8'))

globalThis.Date = new Proxy(MachineDate, {
  construct(target, words, newTarget) {
    const made = /** @type {unknown} */ (Reflect.construct(target, words.length === 0 ? [now()] : words, newTarget))
    return /** @type {Date} */ (made)
  },
  apply: () => new MachineDate(now()).toString(),
  get: (target, name) => (name === 'now' ? now : /** @type {unknown} */ (Reflect.get(target, name))),
})
