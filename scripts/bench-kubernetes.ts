import { buildBundle } from './bundle.ts'

await buildBundle()
await import('../test/bench/kubernetes.ts')
