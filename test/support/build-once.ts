import { buildBundle } from '../../scripts/bundle.ts'

/** Tests that start `fusee` start the bundle; it is built once, before all of them. */
export async function setup(): Promise<void> {
  await buildBundle()
}
