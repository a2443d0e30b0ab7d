/** `npm run bench:hooks [REQUESTS]`: how long a signed push hook and a named webhook take to be answered, one after another over loopback. At most 600: 1,200 a minute are let in. */
import { serveWorld } from '../support/api-server.ts'
import { githubHook, plainHook } from '../support/hooks.ts'
import { createVirtualWorld, workflowFile } from '../support/virtual-world.ts'

const requests = Number(process.argv[2] ?? '500')
const secret = 'correct horse'
const world = await createVirtualWorld({
  files: workflowFile('nightly', 'triggers: {webhook: [{name: nightly}]}\nparams: {site: {}}'),
  webhookSecrets: () => Promise.resolve([secret]),
})
const server = await serveWorld(world)

async function measure(title: string, path: string, hookOf: (index: number) => { headers: Record<string, string>; body: string }): Promise<void> {
  const tookMs: number[] = []
  for (let index = 0; index < requests; index++) {
    const hook = hookOf(index)
    const startMs = performance.now()
    const response = await fetch(`${server.url}/hooks/default/jobs${path}`, { method: 'POST', ...hook })
    await response.arrayBuffer()
    tookMs.push(performance.now() - startMs)
    if (!response.ok) throw new Error(`${title} was answered ${response.status}`)
  }
  tookMs.sort((one, other) => one - other)
  const at = (share: number): string => `${(tookMs[Math.floor((tookMs.length - 1) * share)] ?? NaN).toFixed(1)} ms`
  process.stdout.write(`${title}: ${at(0.5)} (median), ${at(0.99)} (p99), ${at(1)} (most) of ${requests}\n`)
}

const push = githubHook(secret)
await measure('a push hook', '', () => push)
await measure('a named webhook with params', '/nightly', (index) => plainHook(secret, { site: `s${index}` }, { 'idempotency-key': `k${index}` }))
await server.close()
