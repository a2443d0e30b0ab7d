import { describe, expect, it } from 'vitest'
import { createSimulatedGit } from '../../../src/git/simulated.ts'
import { claimBranch } from '../../../src/history/owner.ts'
import { readHistory } from '../../../src/history/read.ts'
import { recordOnce } from '../../../src/history/record-once.ts'
import { ShapeError } from '../../../src/history/shape.ts'
import { endedStep, finishedRun, REPOSITORY } from '../../support/history-builders.ts'

const NOW_MS = Date.parse('2026-11-20T02:00:00Z')
const STATUS = 'fusee/status'

describe('a record that no controller writes', () => {
  it('lies beside those of the owner, who stays the owner', async () => {
    const git = createSimulatedGit({ now: () => NOW_MS })
    const { status } = git.open()
    await claimBranch({ status, owner: 'first', repository: REPOSITORY, nowMs: NOW_MS })
    const owner = (await git.readFiles()).get('history/state/owner.json')
    await recordOnce(status, finishedRun({ name: 'load-2222222222', workflow: 'load', steps: [endedStep('fetch')] }))
    await recordOnce(git.open().status, finishedRun({ name: 'load-3333333333', workflow: 'load' }))
    const files = await git.readFiles()
    expect(files.get('history/state/owner.json')).toBe(owner)
    await status.fetchTip()
    expect((await readHistory(status, { limit: 9 })).records.map(({ run }) => run).sort()).toEqual(['load-2222222222', 'load-3333333333'])
    expect(files.get('history/load/README.md')).toContain('load-3333333333')
    expect(files.get('history/README.md')).toContain('[load](load/README.md)')
    expect(git.statusCommits()[0]?.message).toContain('Fusee-Run: load-3333333333')
  })

  it('is not written where it would take the place of what cannot be read', async () => {
    const git = createSimulatedGit({ now: () => NOW_MS })
    await git.pushCommit({ 'history/state/load.json': '{' }, 'by hand', { branch: STATUS })
    await expect(recordOnce(git.open().status, finishedRun({ workflow: 'load' }))).rejects.toThrow(ShapeError)
    expect(git.statusCommits()).toHaveLength(1)
  })
})
