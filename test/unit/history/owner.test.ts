import { describe, expect, it } from 'vitest'
import { claimBranch, takeOver } from '../../../src/history/owner.ts'
import { writeHistory } from '../../../src/history/write.ts'
import { failedRun } from '../../support/history-builders.ts'
import { claimRequest, NOW_MS, requestOf, US } from '../../support/history-requests.ts'
import { createMemoryRemote } from '../../support/memory-status-branch.ts'

describe('owning the branch', () => {
  it('is claimed once, and stays ours', async () => {
    const remote = createMemoryRemote()
    expect(await claimBranch(claimRequest(remote, US))).toEqual({ kind: 'Claimed', commit: remote.log()[0]?.id })
    expect(await claimBranch(claimRequest(remote, US))).toEqual({ kind: 'Ours' })
    expect(remote.log()).toHaveLength(1)
    expect(remote.files().get('history/state/owner.json')).toBe(
      `{\n  "apiVersion": "fusee.dev/v1alpha1",\n  "kind": "Owner",\n  "owner": "${US}",\n  "repository": "data/data-jobs",\n  "claimedAt": "2026-11-20T02:00:00.000Z"\n}\n`,
    )
  })

  it('is left to another, who is named', async () => {
    const remote = createMemoryRemote()
    await claimBranch(claimRequest(remote, 'them'))
    const wantOwned = { kind: 'BranchOwned', by: 'them', message: expect.stringContaining('fusee history take-over') as unknown }
    expect(await claimBranch(claimRequest(remote, US))).toEqual(wantOwned)
    expect(await writeHistory(requestOf(remote, { runs: [failedRun()] }))).toEqual(wantOwned)
    expect(remote.log()).toHaveLength(1)
  })

  it('goes to one of two that claim at once', async () => {
    const remote = createMemoryRemote()
    remote.beforeCommit = () => {
      remote.push({
        'history/state/owner.json':
          '{"apiVersion":"fusee.dev/v1alpha1","kind":"Owner","owner":"them","repository":"a/b","claimedAt":"2026-11-20T02:00:00Z"}',
      })
    }
    expect(await claimBranch(claimRequest(remote, US))).toMatchObject({ kind: 'BranchOwned', by: 'them' })
  })

  it('is noticed as lost in the middle of a write', async () => {
    const remote = createMemoryRemote()
    await claimBranch(claimRequest(remote, US))
    remote.beforeCommit = () => {
      remote.push({
        'history/state/owner.json':
          '{"apiVersion":"fusee.dev/v1alpha1","kind":"Owner","owner":"them","repository":"a/b","claimedAt":"2026-11-20T02:00:00Z"}',
      })
    }
    expect(await writeHistory(requestOf(remote, { runs: [failedRun()] }))).toMatchObject({ kind: 'BranchOwned', by: 'them' })
    expect([...remote.files().keys()]).toEqual(['history/state/owner.json'])
  })

  it('is taken over: free for the next one, closed to the former', async () => {
    const remote = createMemoryRemote()
    await claimBranch(claimRequest(remote, US))
    expect(await takeOver({ status: remote.open(), by: 'ada', nowMs: NOW_MS })).toMatchObject({ kind: 'TakenOver', formerOwner: US })
    const wantTaken = { kind: 'BranchOwned', by: 'ada', message: expect.stringContaining('was taken away from this controller') as unknown }
    expect(await claimBranch(claimRequest(remote, US))).toEqual(wantTaken)
    expect(await writeHistory(requestOf(remote, { runs: [failedRun()] }))).toEqual(wantTaken)
    expect(await takeOver({ status: remote.open(), by: 'ada', nowMs: NOW_MS })).toMatchObject({ kind: 'NoOwner' })
    expect(await claimBranch(claimRequest(remote, 'them'))).toMatchObject({ kind: 'Claimed' })
    expect(await claimBranch(claimRequest(remote, US))).toMatchObject({ kind: 'BranchOwned', by: 'them' })
  })

  it('is not there to take over without a branch or an owner', async () => {
    const remote = createMemoryRemote()
    expect(await takeOver({ status: remote.open(), by: 'ada', nowMs: NOW_MS })).toMatchObject({ kind: 'NoBranch' })
    remote.push({ 'history/README.md': '' })
    expect(await takeOver({ status: remote.open(), by: 'ada', nowMs: NOW_MS })).toMatchObject({ kind: 'NoOwner' })
    expect(remote.log()).toHaveLength(1)
  })

  it('stands back from an owner that cannot be read, until a take-over', async () => {
    const remote = createMemoryRemote()
    remote.push({ 'history/state/owner.json': '{' })
    expect(await claimBranch(claimRequest(remote, US))).toMatchObject({
      kind: 'BranchOwned',
      by: 'unknown',
      message: expect.stringContaining('cannot be read') as unknown,
    })
    expect(await takeOver({ status: remote.open(), by: 'ada', nowMs: NOW_MS })).toMatchObject({ kind: 'TakenOver' })
    expect(await claimBranch(claimRequest(remote, US))).toMatchObject({ kind: 'Claimed' })
  })
})
