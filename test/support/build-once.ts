import { rm } from 'node:fs/promises'
import { BUNDLE, buildBundle } from '../../scripts/bundle.ts'

/** Tests that start `fusee` start the bundle; it is built once, before all of them. When it cannot be built, only they fail: there is none to start. */
export async function setup(): Promise<void> {
  try {
    await buildBundle()
  } catch (error) {
    await rm(BUNDLE, { force: true })
    console.error(`${BUNDLE} cannot be built: ${String(error)}`)
  }
}
