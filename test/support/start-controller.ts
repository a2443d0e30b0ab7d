import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { build } from 'esbuild'
import type { ControllerOrders } from './local-controller.ts'

/** A controller in a process of its own. */
export interface ControllerProcess {
  /** Its one line. */
  said: string
  child: ChildProcess
  /** SIGKILL; answers when it is gone. */
  kill(): Promise<void>
}

/** Bundles the program into the folder; returns its file. */
export async function bundleController(folder: string): Promise<string> {
  const outfile = join(folder, 'controller.mjs')
  await build({ entryPoints: ['test/support/local-controller.ts'], bundle: true, platform: 'node', format: 'esm', outfile, logLevel: 'error' })
  return outfile
}

/** Starts the program and waits for its line. */
export async function startController(program: string, orders: ControllerOrders): Promise<ControllerProcess> {
  const child = spawn(process.execPath, [program, JSON.stringify(orders)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const gone = once(child, 'exit')
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
  await Promise.race([gone, new Promise<void>((resolve) => child.stdout.on('data', () => said.endsWith('\n') && resolve()))])
  return {
    said: said.trim(),
    child,
    async kill() {
      child.kill('SIGKILL')
      await gone
    },
  }
}
