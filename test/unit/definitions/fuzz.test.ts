import { expect, it } from 'vitest'
import { tryDocuments } from '../../fuzz/try-documents.ts'

it('survives mutated and random documents; npm run fuzz tries many more', async () => {
  const tried = await tryDocuments('test', 0, 150)
  expect(tried).toMatchObject({ documents: 450 })
  expect(tried.diagnostics).toBeGreaterThan(100)
})
