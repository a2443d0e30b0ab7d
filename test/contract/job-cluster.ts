import { describe, expect, it as plainIt } from 'vitest'
import type { ClusterEvent, LoggedJobs } from '../../src/cluster/ports.ts'
import { UnsupportedJobError } from '../../src/cluster/ports.ts'
import type { JobObservation } from '../../src/runs/objects.ts'
import { FINALIZER, LABELS } from '../../src/runs/objects.ts'
import type { JobBench, JobClusterUnderTest } from '../support/job-bench.ts'
import { condition, createJobBench, exitCodes, hasEnded, isIdle, isRunning } from '../support/job-bench.ts'
import { eventually } from '../support/local-cluster.ts'

/** What every JobCluster promises. `concurrent`: each test waits for pods of its own most of the time. */
export function testJobCluster(adapter: string, open: () => Promise<JobClusterUnderTest>, { concurrent = false } = {}): void {
  const it = plainIt.extend<{ cluster: JobClusterUnderTest; jobs: LoggedJobs; bench: JobBench }>({
    cluster: async ({}, use) => {
      const cluster = await open()
      try {
        await use(cluster)
      } finally {
        await cluster.close()
      }
    },
    jobs: ({ cluster }, use) => use(cluster.jobs),
    bench: ({ cluster }, use) => use(createJobBench(cluster)),
  })

  describe(`jobs on ${adapter}`, { concurrent }, () => {
    it('gives a new Job an identity and keeps what was asked for', async ({ cluster, bench }) => {
      const job = await bench.create(cluster.ending(0), { finalizers: [FINALIZER] })
      expect(job.metadata).toMatchObject({ name: 'nightly-load-2345678923', namespace: bench.run.namespace, finalizers: [FINALIZER] })
      expect(job.metadata.uid).toMatch(/./)
      expect(job.metadata.resourceVersion).toMatch(/./)
      expect(Date.parse(job.metadata.creationTimestamp)).not.toBeNaN()
      expect(job.metadata.labels).toMatchObject({ [LABELS.run]: bench.run.name, [LABELS.step]: 'load' })
      await bench.ended(job)
    })

    it('shows a pod that succeeded, and the Job as complete', async ({ cluster, bench }) => {
      const job = await bench.create(cluster.ending(0))
      const observation = await bench.ended(job)
      expect(condition(observation, 'Complete')).toBeDefined()
      expect(observation.job.metadata.uid).toBe(job.metadata.uid)
      expect(observation.job.status).toMatchObject({ succeeded: 1 })
      expect(observation.pods).toHaveLength(1)
      const [pod] = observation.pods
      expect(pod?.status.phase).toBe('Succeeded')
      expect(pod?.metadata.ownerReferences).toContainEqual(expect.objectContaining({ kind: 'Job', uid: job.metadata.uid, controller: true }))
      const state = pod?.status.containerStatuses?.[0]?.state
      expect(state?.terminated).toMatchObject({ exitCode: 0, reason: 'Completed' })
      const { startedAt, finishedAt } = state?.terminated ?? {}
      expect(Date.parse(finishedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(startedAt ?? ''))
    })

    it('shows a pod that failed, its exit code, and the Job as failed', async ({ cluster, bench }) => {
      const job = await bench.create(cluster.ending(7))
      const observation = await bench.ended(job)
      expect(condition(observation, 'Failed')).toMatchObject({ reason: 'BackoffLimitExceeded' })
      expect(observation.pods.map((pod) => pod.status.phase)).toEqual(['Failed'])
      expect(observation.pods[0]?.status.containerStatuses?.[0]).toMatchObject({
        name: 'step',
        state: { terminated: { exitCode: 7, reason: 'Error' } },
      })
    })

    it('shows a pod that runs', async ({ cluster, jobs, bench }) => {
      const job = await bench.create(cluster.lasting())
      const observation = await bench.observedWhen('the pod runs', job, isRunning)
      expect(hasEnded(observation)).toBe(false)
      expect(observation.job.status).toMatchObject({ active: 1 })
      expect(observation.pods[0]?.status.containerStatuses?.[0]?.state?.running).toBeDefined()
      await jobs.stopJob(job)
      await bench.gone(job)
    })

    it('returns the Job that has the name, and never runs it again', async ({ cluster, jobs, bench }) => {
      const job = await bench.create(cluster.ending(0))
      await bench.ended(job)
      const creation = await jobs.createJob(bench.aJob(cluster.ending(1)))
      expect(creation).toMatchObject({ kind: 'Exists', object: { metadata: { uid: job.metadata.uid } } })
      const observation = await bench.ended(job)
      expect(exitCodes(observation.pods)).toEqual([0])
    })

    it('lets one of many creators of a name win, and runs it once', async ({ cluster, jobs, bench }) => {
      const creations = await Promise.all(Array.from({ length: 6 }, () => jobs.createJob(bench.aJob(cluster.ending(0)))))
      expect(creations.filter((creation) => creation.kind === 'Created')).toHaveLength(1)
      const [first] = creations
      if (first === undefined) return
      expect((await bench.ended(first.object)).pods).toHaveLength(1)
    })

    it('tries again with a new pod until one succeeds', async ({ cluster, bench }) => {
      const job = await bench.create(cluster.failingOnce(), { spec: { backoffLimit: 3 } })
      const observation = await bench.ended(job)
      expect(condition(observation, 'Complete')).toBeDefined()
      expect(observation.pods.map((pod) => pod.status.phase)).toEqual(['Failed', 'Succeeded'])
      expect(new Set(observation.pods.map((pod) => pod.metadata.name)).size).toBe(2)
      expect(observation.job.status).toMatchObject({ succeeded: 1, failed: 1 })
    })

    it('gives up after as many new pods as the limit allows', async ({ cluster, bench }) => {
      const job = await bench.create(cluster.ending(4), { spec: { backoffLimit: 1 } })
      const observation = await bench.ended(job)
      expect(condition(observation, 'Failed')).toMatchObject({ reason: 'BackoffLimitExceeded' })
      expect(exitCodes(observation.pods)).toEqual([4, 4])
    })

    it('runs init containers first, and the others not when one fails', async ({ cluster, bench }) => {
      const job = await bench.create(cluster.ending(0), {
        pod: {
          initContainers: [
            { name: 'first', image: 'busybox:1.36', ...cluster.ending(0) },
            { name: 'second', image: 'busybox:1.36', ...cluster.ending(5) },
          ],
        },
      })
      const observation = await bench.ended(job)
      const [pod] = observation.pods
      expect(pod?.status.phase).toBe('Failed')
      expect(pod?.status.initContainerStatuses?.map(({ name, state }) => [name, state?.terminated?.exitCode])).toEqual([
        ['first', 0],
        ['second', 5],
      ])
      expect(pod?.status.containerStatuses?.[0]?.state?.terminated).toBeUndefined()
    })

    it('fails a pod when one of its containers fails', async ({ cluster, bench }) => {
      const containers = [
        { name: 'good', image: 'busybox:1.36', ...cluster.ending(0) },
        { name: 'bad', image: 'busybox:1.36', ...cluster.ending(2) },
      ]
      const observation = await bench.ended(await bench.create({}, { pod: { containers } }))
      expect(observation.pods.map((pod) => pod.status.phase)).toEqual(['Failed'])
      const codes = observation.pods[0]?.status.containerStatuses?.map(({ name, state }) => `${name} ${state?.terminated?.exitCode}`)
      expect(codes?.sort()).toEqual(['bad 2', 'good 0'])
    })

    it('starts nothing of a suspended Job', async ({ cluster, bench, skip }) => {
      if (cluster.unsupported.some(({ field }) => field === 'spec.suspend')) return skip('this cluster refuses it')
      const job = await bench.create(cluster.ending(0), { spec: { suspend: true } })
      const other = await bench.create(cluster.ending(0), { name: 'other' })
      await bench.ended(other)
      const observation = await bench.observe(job)
      expect(observation?.pods).toEqual([])
      expect(observation?.job.status?.conditions?.filter(({ type }) => type !== 'Suspended') ?? []).toEqual([])
    })

    it('ends a Job that is over its deadline', async ({ cluster, bench }) => {
      const job = await bench.create(cluster.lasting(), { spec: { activeDeadlineSeconds: 1, backoffLimit: 3 } })
      const observation = await bench.ended(job)
      expect(condition(observation, 'Failed')).toMatchObject({ reason: 'DeadlineExceeded' })
      // Before 1.31 Kubernetes says so while they still end.
      await bench.observedWhen('no pod is live', job, isIdle)
    })

    it('runs as many pods as completions ask for', async ({ cluster, bench }) => {
      const job = await bench.create(cluster.ending(0), { spec: { completions: 3, parallelism: 2 } })
      const observation = await bench.ended(job)
      expect(condition(observation, 'Complete')).toBeDefined()
      expect(observation.job.status).toMatchObject({ succeeded: 3 })
    })

    it('observes the Jobs of one run only', async ({ cluster, jobs, bench }) => {
      const mine = await bench.create(cluster.ending(0))
      await bench.create(cluster.ending(0), { name: 'other', run: 'nightly-other' })
      const observations = await jobs.observeJobs(bench.run)
      expect(observations.map(({ job }) => job.metadata.name)).toEqual([mine.metadata.name])
      expect(await jobs.observeJobs({ ...bench.run, name: 'nobody' })).toEqual([])
    })

    it('lists the Jobs of all runs, each with its run, whether or not that is there', async ({ cluster, jobs, bench }) => {
      const mine = await bench.create(cluster.ending(0))
      const other = await bench.create(cluster.ending(0), { name: 'listed', run: 'nightly-listed' })
      const listed = (await jobs.listJobs()).filter(({ job }) => [mine, other].some(({ metadata }) => metadata.uid === job.metadata.uid))
      expect(listed.map(({ run, job }) => [job.metadata.name, run.name]).sort()).toEqual(
        [
          [mine.metadata.name, bench.run.name],
          [other.metadata.name, 'nightly-listed'],
        ].sort(),
      )
      expect(listed[0]?.run.namespace).toBe(bench.run.namespace)
    })

    it('puts labels on a Job that runs, beside those that it has', async ({ cluster, jobs, bench }) => {
      const job = await bench.create(cluster.lasting(), { finalizers: [FINALIZER] })
      await jobs.relabelJob(job, { team: 'data', 'example.org/cost-centre': '12' })
      await jobs.relabelJob(job, { team: 'web' })
      const labels = { ...job.metadata.labels, team: 'web', 'example.org/cost-centre': '12' }
      expect((await bench.observedWhen('it is told', job, (seen) => seen.job.metadata.labels?.['team'] === 'web')).job.metadata).toMatchObject({
        labels,
      })
      await jobs.stopJob(job)
      await bench.observedWhen('its pods have ended', job, isIdle)
      await jobs.releaseJob(job)
      await bench.gone(job)
      await jobs.relabelJob(job, { team: 'gone' })
      const heir = await bench.create(cluster.ending(0))
      await jobs.relabelJob(job, { team: 'gone' })
      expect((await bench.ended(heir)).job.metadata.labels?.['team']).toBeUndefined()
    })

    it('keeps a stopped Job with a finalizer and its pods’ last state', async ({ cluster, jobs, bench }) => {
      const job = await bench.create(cluster.lasting(), { finalizers: [FINALIZER], spec: { backoffLimit: 3 } })
      await bench.observedWhen('the pod runs', job, isRunning)
      await jobs.stopJob(job)
      const observation = await bench.observedWhen('its pods have ended', job, isIdle)
      expect(observation.job.metadata.deletionTimestamp).toMatch(/^\d{4}-/)
      expect(observation.job.metadata.uid).toBe(job.metadata.uid)
      expect(observation.pods.length).toBeLessThanOrEqual(1)
      await jobs.stopJob(job)
      await jobs.releaseJob(job)
      await bench.gone(job)
    })

    it('kills what does not end when it is told to, after the grace period', async ({ cluster, jobs, bench }) => {
      const job = await bench.create(cluster.stubborn(), { finalizers: [FINALIZER], pod: { terminationGracePeriodSeconds: 1 } })
      await bench.observedWhen('the pod runs', job, isRunning)
      await jobs.stopJob(job)
      await bench.observedWhen('its pods have ended', job, isIdle)
      await jobs.releaseJob(job)
      await bench.gone(job)
    })

    it('starts no further pod of a stopped Job', async ({ cluster, jobs, bench }) => {
      const job = await bench.create(cluster.ending(1), { finalizers: [FINALIZER], spec: { backoffLimit: 5 } })
      await bench.observedWhen('a pod has failed', job, ({ pods }) => pods.some((pod) => pod.status.phase === 'Failed'))
      await jobs.stopJob(job)
      const stopped = await bench.observedWhen('its pods have ended', job, isIdle)
      expect(stopped.job.metadata.deletionTimestamp).toBeDefined()
      const other = await bench.create(cluster.failingOnce(), { name: 'other', spec: { backoffLimit: 1 } })
      await bench.ended(other)
      expect((await bench.observe(job))?.pods.length).toBe(stopped.pods.length)
    })

    it('keeps an ended Job until it is released and deleted, then forgets it', async ({ cluster, jobs, bench }) => {
      const job = await bench.create(cluster.ending(0, 'hello\n'), { finalizers: [FINALIZER] })
      await bench.ended(job)
      await jobs.releaseJob(job)
      await jobs.releaseJob(job)
      await jobs.deleteJob(job)
      await bench.gone(job)
      expect(await jobs.readLogTail(job, 1000)).toBe('')
      await jobs.deleteJob(job)
      await jobs.stopJob(job)
      await jobs.releaseJob(job)
      const heir = await bench.create(cluster.ending(0))
      expect(heir.metadata.uid).not.toBe(job.metadata.uid)
      await bench.ended(heir)
    })

    it('does not touch a Job that has the name of one that is gone', async ({ cluster, jobs, bench }) => {
      const former = await bench.create(cluster.ending(0))
      await bench.ended(former)
      await jobs.deleteJob(former)
      await bench.gone(former)
      const heir = await bench.create(cluster.lasting(), { finalizers: [FINALIZER] })
      await bench.observedWhen('the pod runs', heir, isRunning)
      await jobs.stopJob(former)
      await jobs.releaseJob(former)
      await jobs.deleteJob(former)
      const observation = await bench.observe(heir)
      expect(observation?.job.metadata).toMatchObject({ uid: heir.metadata.uid, finalizers: [FINALIZER] })
      expect(observation?.job.metadata.deletionTimestamp).toBeUndefined()
      await jobs.stopJob(heir)
      await bench.observedWhen('its pods have ended', heir, isIdle)
      await jobs.releaseJob(heir)
      await bench.gone(heir)
    })

    it('reads the last lines that fit', async ({ cluster, jobs, bench }) => {
      const job = await bench.create(cluster.ending(0, 'first line\nsecond line\nthird line\n'))
      await bench.ended(job)
      const wantTails: [number, string][] = [
        [1000, 'first line\nsecond line\nthird line\n'],
        [25, 'second line\nthird line\n'],
        [11, 'third line\n'],
      ]
      for (const [maxBytes, wantTail] of wantTails) {
        const read = await eventually('the log is there', () => jobs.readLogTail(job, maxBytes))
        expect(read.trimEnd()).toBe(wantTail.trimEnd())
      }
    })

    it('reads the log of the newest pod', async ({ cluster, jobs, bench }) => {
      const job = await bench.create(cluster.failingOnce(), { spec: { backoffLimit: 2 } })
      await bench.ended(job)
      expect((await eventually('the log is there', () => jobs.readLogTail(job, 1000))).trim()).toBe('second try')
    })

    it('shows no value of a Secret that a Job names, neither in logs nor in what its pods leave', async ({ cluster, jobs, bench }) => {
      const { name, value } = cluster.secret
      const text = `password=${value} and ${Buffer.from(value).toString('base64')}`
      const env = [{ name: 'PASSWORD', valueFrom: { secretKeyRef: { name, key: 'key' } } }]
      const { env: own = [], ...container } = cluster.leaving(1, text)
      const job = await bench.create({ ...container, env: [...own, ...env] })
      const observation = await bench.observedWhen('the pod has left its message', job, (one) => hasEnded(one) && messagesOf(one).length > 0)
      let heard = ''
      await jobs.followLog(job, (piece) => (heard += piece), new AbortController().signal)
      const shown = [...messagesOf(observation), await eventually('the log is there', () => jobs.readLogTail(job, 1000)), heard]
      expect(shown.map((one) => one.trimEnd().replace(/=+$/, ''))).toEqual(Array(3).fill('password=*** and ***'))
      const other = await bench.create(cluster.leaving(1, text), { name: 'other' })
      const stranger = await bench.observedWhen('the other pod has left its message', other, (one) => messagesOf(one).length > 0)
      expect(messagesOf(stranger)).toEqual([text])
    })

    it('reads and follows the log of one try, whose pod is named', async ({ cluster, jobs, bench }) => {
      const job = await bench.create(cluster.failingOnce(), { spec: { backoffLimit: 2 } })
      const { pods } = await bench.ended(job)
      const wantTexts = ['first try', 'second try']
      for (const [index, wantText] of wantTexts.entries()) {
        const pod = pods[index]?.metadata.name ?? ''
        expect((await eventually('the log is there', () => jobs.readLogTail(job, 1000, pod))).trim()).toBe(wantText)
        let heard = ''
        await jobs.followLog(job, (piece) => (heard += piece), new AbortController().signal, pod)
        expect(heard.trim()).toBe(wantText)
      }
      expect(await jobs.readLogTail(job, 1000, 'another')).toBe('')
    })

    it('follows a try that runs until it has ended, not the whole Job', async ({ cluster, jobs, bench }) => {
      const job = await bench.create(cluster.lasting(), { finalizers: [FINALIZER] })
      const { pods } = await bench.observedWhen('the pod runs', job, isRunning)
      let isOver = false
      const followed = jobs.followLog(job, () => undefined, new AbortController().signal, pods[0]?.metadata.name ?? '').then(() => (isOver = true))
      expect(isOver).toBe(false)
      await jobs.stopJob(job)
      await bench.observedWhen('its pods have ended', job, isIdle)
      await followed
      await jobs.releaseJob(job)
      await bench.gone(job)
    })

    it('tells of the Job and of its pod’s end', async ({ cluster, jobs, bench }) => {
      const heard: ClusterEvent[] = []
      const stop = jobs.subscribe((event) => heard.push(event))
      const job = await bench.create(cluster.ending(0))
      await eventually('its creation is told', () => heard.length > 0)
      let changesSeen = 0
      await eventually('an event came when the Job had ended', async () => {
        if (heard.length === changesSeen) return false
        changesSeen = heard.length
        const observation = await bench.observe(job)
        return observation !== null && hasEnded(observation)
      })
      expect(heard).toContainEqual({ kind: 'Job', run: bench.run })
      stop()
      heard.length = 0
      await bench.ended(await bench.create(cluster.ending(0), { name: 'unheard' }))
      expect(heard).toEqual([])
    })

    it('refuses a Job that it does not have, naming the field', async ({ cluster, jobs, bench, skip }) => {
      if (cluster.unsupported.length === 0) return skip('this cluster has all of them')
      for (const { spec, field } of cluster.unsupported) {
        const refusal = await jobs.createJob(bench.aJob(cluster.ending(0), { spec })).catch((error: unknown) => error)
        expect(refusal).toBeInstanceOf(UnsupportedJobError)
        expect((refusal as Error).message).toContain(field)
      }
      expect(await jobs.observeJobs(bench.run)).toEqual([])
    })
  })
}

/** Termination messages of a Job's pods. */
function messagesOf({ pods }: JobObservation): string[] {
  return pods.flatMap(({ status }) => status.containerStatuses?.[0]?.state?.terminated?.message ?? [])
}
