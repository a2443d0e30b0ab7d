import { readFileSync } from 'node:fs'
import { DataFolderInUseError } from '../../src/cluster/local/folder-lock.ts'
import type { Job, StoredJob } from '../../src/runs/objects.ts'
import { openRunner } from './local-cluster.ts'

/** What the program is told in its one argument. */
export interface ControllerOrders {
  path: string
  shell?: string
  /** File of a Job to create. */
  create?: string
  /** File of a Job to stop. */
  stop?: string
}

/** A program that holds a data folder until it is killed. Says `open`, `in use` or what went wrong. */
async function main(orders: ControllerOrders): Promise<void> {
  const runner = await openRunner(orders.path, orders.shell === undefined ? {} : { shell: orders.shell })
  if (orders.create !== undefined) await runner.jobs.createJob(JSON.parse(readFileSync(orders.create, 'utf8')) as Job)
  if (orders.stop !== undefined) await runner.jobs.stopJob(JSON.parse(readFileSync(orders.stop, 'utf8')) as StoredJob)
  setInterval(() => undefined, 1000)
  process.stdout.write('open\n')
}

await main(JSON.parse(process.argv[2] ?? '{}') as ControllerOrders).catch((error: unknown) => {
  process.stdout.write(error instanceof DataFolderInUseError ? 'in use\n' : `${String(error)}\n`)
})
