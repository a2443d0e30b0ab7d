import { randomUUID } from 'node:crypto'
import { accessSync, chmodSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createPodGroup, findControlGroup, membersOf, removePodGroup } from '../../../../src/cluster/local/control-group.ts'
import type { LocalJobOptions } from '../../../../src/cluster/local/jobs.ts'
import type { OpenRunner } from '../../../support/local-cluster.ts'
import { createMovableClock, eventually, makeFolder, openRunner, readLines } from '../../../support/local-cluster.ts'
import { RUN, aShellJob, endOf, isRunning, observeJob, observeUntil, podEnds, shell, untilEnded } from '../../../support/local-jobs.ts'

const CONTROL_GROUP = findControlGroup()
/** Only below the root of all groups do some that are threaded, as those of other tests are, and some that are not stand side by side. */
const IS_ROOT = CONTROL_GROUP !== null && !existsSync(join(CONTROL_GROUP, 'cgroup.type'))
const NO_GROUPS = CONTROL_GROUP === null ? ': SKIPPED, because this process may make no control groups here' : ''

/** A shell script that is a shell: for shells whose program needs an argument to be one. */
function shellOf(folder: string, command: string): string {
  const file = join(folder, 'shell')
  writeFileSync(file, `#!/bin/sh\nexec ${command} "$@"\n`)
  chmodSync(file, 0o755)
  return file
}

function isInstalled(program: string): boolean {
  try {
    accessSync(program)
    return true
  } catch {
    return false
  }
}

interface Platform {
  name: string
  program: string
  command: string
  platform?: LocalJobOptions['platform']
}

const PLATFORMS: Platform[] = [
  { name: 'this system', program: '/bin/sh', command: '/bin/sh' },
  {
    name: 'bash without /proc and setsid, as on macOS',
    program: '/bin/bash',
    command: '/bin/bash --posix',
    platform: { processSource: 'ps', setsid: null },
  },
  { name: 'bash', program: '/bin/bash', command: '/bin/bash' },
  { name: 'busybox', program: '/usr/bin/busybox', command: '/usr/bin/busybox sh' },
]

describe.each(PLATFORMS)('processes of $name', ({ program, command, platform }) => {
  let home: Awaited<ReturnType<typeof makeFolder>>
  let runner: OpenRunner
  let options: Partial<LocalJobOptions>

  beforeEach(async ({ skip }) => {
    skip(!isInstalled(program), `${program} is not installed`)
    home = await makeFolder()
    options = { shell: shellOf(home.path, command), ...(platform === undefined ? {} : { platform }) }
    runner = await openRunner(join(home.path, 'data'), options)
  })

  afterEach(async () => {
    await runner.close()
    await home.remove()
  })

  const at = (name: string): string => join(home.path, name)
  const story = (): string[] => readLines(at('story'))
  const tail = async (): Promise<string> => runner.jobs.readLogTail((await observeJob(runner.jobs)).job, 100_000)

  it('get their words, variables and folder as they are written', async () => {
    const nasty = ['it\'s "quoted"', '$HOME `date` \\', 'two\nlines ', '', '-x', '*', 'ä€𝄞']
    const env = nasty.map((value, index) => ({ name: `V${index}`, value: value.replaceAll('$', '$$$$') }))
    const script = 'printf "%s|" "$@"; for i in 0 1 2 3 4 5 6; do eval "printf %s\\| \\"\\$V$i\\""; done; pwd'
    await runner.jobs.createJob(aShellJob(script, { container: { args: ['sh', ...nasty.map((word) => word.replaceAll('$', '$$$$'))], env } }))
    expect(endOf(await untilEnded(runner.jobs))).toBe('Complete')
    const words = `${nasty.join('|')}|`
    expect(await tail()).toBe(`${words}${words}${at('data')}/jobs/default/nightly-load/pods/0/work/step\n`)
  })

  it('get variables that a shell would not set', async () => {
    const env = [
      { name: 'not.a-name', value: "it's" },
      { name: 'UID', value: '7' },
      { name: 'IFS', value: 'x' },
      { name: 'PATH', value: '/usr/bin:/bin' },
    ]
    await runner.jobs.createJob(aShellJob('', { container: { command: ['env'], env } }))
    expect(endOf(await untilEnded(runner.jobs))).toBe('Complete')
    const lines = (await tail()).split('\n')
    expect(lines).toEqual(expect.arrayContaining(["not.a-name=it's", 'UID=7', 'IFS=x', 'PATH=/usr/bin:/bin']))
    const names = lines.map((line) => line.split('=')[0])
    expect(
      names.filter(
        (name) => !['not.a-name', 'UID', 'IFS', 'PATH', 'HOME', 'LANG', 'FUSEE_POD', 'PWD', 'OLDPWD', 'SHLVL', '_', ''].includes(name ?? ''),
      ),
    ).toEqual([])
  })

  it('bear signals as if a person had started them', async () => {
    await runner.jobs.createJob(
      aShellJob('trap "echo interrupted" INT; kill -INT $$; sh -c "kill -TERM \\$\\$"; echo "ended by $?"; kill -INT $$; exit 4'),
    )
    expect(podEnds(await untilEnded(runner.jobs))).toEqual(['Failed 4'])
    expect(await tail()).toMatch(/^interrupted\n(.*[Tt]erminated.*\n)?ended by 143\ninterrupted\n$/)
  })

  it.each([
    ['a missing command', ['/no/such/program'], 'Failed 127'],
    ['a signal', shell('kill -9 $$'), 'Failed 137'],
    ['its own code', ['/bin/sh', '-c', 'exit 255'], 'Failed 255'],
  ])('end by %s', async (_what, words, want) => {
    await runner.jobs.createJob(aShellJob('', { container: { command: words } }))
    expect(podEnds(await untilEnded(runner.jobs))).toEqual([want])
  })

  it('all end when their Job is stopped', async () => {
    const script = `for i in 1 2 3; do sleep 1000 & echo $! >>${at('story')}; done; sh -c 'sleep 1001; true' & echo $! >>${at('story')}; echo $$ >>${at('story')}; wait`
    const { object } = await runner.jobs.createJob(aShellJob(script))
    const pids = await eventually('all run', () => (story().length === 5 ? story().map(Number) : null))
    await runner.jobs.stopJob(object)
    await observeUntil(runner.jobs, 'the pod has ended', ({ pods }) => pods[0]?.status.phase === 'Failed')
    await eventually('all processes are gone', () => !pids.some(isRunning))
  })

  it('leave nothing running when the container ends', async () => {
    await runner.jobs.createJob(aShellJob(`sleep 1000 & echo $! >>${at('story')}; exit 0`))
    expect(podEnds(await untilEnded(runner.jobs))).toEqual(['Succeeded 0'])
    await eventually('the process is gone', () => !story().map(Number).some(isRunning))
  })

  it('run in order, then side by side', async () => {
    const says = (name: string, script: string) => ({ name, command: shell(`echo ${name} >>${at('story')}; ${script}`) })
    const meet = (mine: string, other: string): string => `: >${at(mine)}; until [ -e ${at(other)} ]; do sleep 0.02; done`
    const pod = {
      initContainers: [says('a', 'true'), says('b', 'true')],
      containers: [says('c', meet('c', 'd')), says('d', `${meet('d', 'c')}; exit 3`)],
    }
    await runner.jobs.createJob(aShellJob('', { pod }))
    const seen = await untilEnded(runner.jobs)
    expect(podEnds(seen)).toEqual(['Failed 0'])
    expect(seen.pods[0]?.status.containerStatuses?.[1]?.state?.terminated?.exitCode).toBe(3)
    expect(story().slice(0, 2)).toEqual(['a', 'b'])
    expect(story().slice(2).sort()).toEqual(['c', 'd'])
  })

  it('may print for ever: the last of it is kept, and they never notice', async () => {
    await runner.close()
    runner = await openRunner(join(home.path, 'data'), { ...options, logLimitBytes: 64 * 1024 })
    await runner.jobs.createJob(aShellJob('seq 1 200000; echo the last line; exit 3'))
    expect(podEnds(await untilEnded(runner.jobs))).toEqual(['Failed 3'])
    const logs = join(at('data'), 'jobs/default/nightly-load/pods/0/logs')
    const kept = readdirSync(logs).reduce((bytes, name) => bytes + statSync(join(logs, name)).size, 0)
    expect(kept).toBeLessThanOrEqual(64 * 1024)
    const log = await tail()
    expect(log.endsWith('\n200000\nthe last line\n')).toBe(true)
    expect(log.length).toBeGreaterThan(16 * 1024)
    const numbers = log.split('\n').slice(1, -3).map(Number)
    expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index))
  })
})

describe('processes that hide', () => {
  let home: Awaited<ReturnType<typeof makeFolder>>
  let runner: OpenRunner

  beforeEach(async () => {
    home = await makeFolder()
    runner = await openRunner(join(home.path, 'data'))
  })

  afterEach(async () => {
    await runner.close()
    await home.remove()
  })

  const at = (name: string): string => join(home.path, name)
  const pids = (count: number): Promise<number[]> =>
    eventually('the processes run', () => {
      const lines = readLines(at('pids'))
      return lines.length === count ? lines.map(Number) : null
    })

  const wantFound: [string, string][] = [
    ['in a session of its own', `setsid sh -c 'echo $$ >>PIDS; exec sleep 1000' & wait`],
    ['in a session of its own, its parent gone', `(setsid sh -c 'echo $$ >>PIDS; exec sleep 1000' &); sleep 1000`],
    ['without its environment', `env -i /bin/sh -c 'echo $$ >>PIDS; exec sleep 1000' & wait`],
    ['without its environment, in a session of its own', `setsid env -i /bin/sh -c 'echo $$ >>PIDS; exec sleep 1000' & wait`],
    ['behind an ignored signal', `sh -c 'trap "" TERM; echo $$ >>PIDS; while :; do sleep 0.1; done' & wait`],
  ]
  it.each(wantFound)('%s end with their Job', async (_where, script) => {
    const pod = { terminationGracePeriodSeconds: 0 }
    const { object } = await runner.jobs.createJob(aShellJob(script.replace('PIDS', at('pids')), { pod }))
    const [pid] = await pids(1)
    await runner.jobs.stopJob(object)
    await observeUntil(runner.jobs, 'the pod has ended', ({ pods }) => pods[0]?.status.phase === 'Failed')
    await eventually('the process is gone', () => pid !== undefined && !isRunning(pid))
  })

  it.skipIf(CONTROL_GROUP === null).each([
    ['it is stopped', 'sleep 1000', 'Failed'],
    ['its container has ended', 'until [ -s PIDS ]; do sleep 0.02; done', 'Succeeded'],
  ])(`by leaving session, parents, environment and folder end with their Job when %s${NO_GROUPS}`, async (_when, then, wantPhase) => {
    const hide = `(setsid env -i /bin/sh -c 'cd /; sleep 1000 </dev/null >/dev/null 2>&1 & echo $! >>PIDS' &)`
    const { object } = await runner.jobs.createJob(
      aShellJob(`${hide}; ${then}`.replaceAll('PIDS', at('pids')), { pod: { terminationGracePeriodSeconds: 0 } }),
    )
    const [pid] = await pids(1)
    if (wantPhase === 'Failed') await runner.jobs.stopJob(object)
    const { pods } = await observeUntil(runner.jobs, 'the pod has ended', (seen) => seen.pods[0]?.status.phase === wantPhase)
    await eventually('the process is gone', () => pid !== undefined && !isRunning(pid))
    await eventually('its control group is gone', () => !existsSync(join(CONTROL_GROUP ?? '', `fusee-${pods[0]?.metadata.uid ?? ''}`)))
  })

  it.skipIf(!IS_ROOT)(
    `end with their Job where its control group is to be entered as a whole only${IS_ROOT ? '' : ': SKIPPED, because this process is not in the root of all control groups'}`,
    async () => {
      await runner.close()
      // Not the one that this process is in.
      const parent = createPodGroup(CONTROL_GROUP ?? '', randomUUID()) ?? ''
      runner = await openRunner(join(home.path, 'data'), { controlGroup: parent })
      const { object } = await runner.jobs.createJob(aShellJob(`echo $$ >>${at('pids')}; sleep 1000`, { pod: { terminationGracePeriodSeconds: 0 } }))
      const [pid] = await pids(1)
      expect(membersOf(parent)).toContain(pid)
      await runner.jobs.stopJob(object)
      await eventually('the process is gone', () => pid !== undefined && !isRunning(pid))
      await eventually('the groups are gone', () => removePodGroup(parent))
    },
  )

  it('are cleared away when the container has ended', async () => {
    await runner.jobs.createJob(aShellJob(`setsid sh -c 'echo $$ >>${at('pids')}; exec sleep 1000' >/dev/null 2>&1 & sleep 0.1`))
    const [pid] = await pids(1)
    expect(podEnds(await untilEnded(runner.jobs))).toEqual(['Succeeded 0'])
    await eventually('the process is gone', () => pid !== undefined && !isRunning(pid))
  })

  it('do not hold up the end of the container by holding its output', async () => {
    await runner.jobs.createJob(
      aShellJob(`setsid sh -c 'echo $$ >>${at('pids')}; exec sleep 1000' & until [ -s ${at('pids')} ]; do sleep 0.02; done; exit 3`),
    )
    const [pid] = await pids(1)
    expect(podEnds(await untilEnded(runner.jobs))).toEqual(['Failed 3'])
    expect(pid !== undefined && isRunning(pid)).toBe(false)
  })

  it('are left alone when they belong to others', async () => {
    const { object } = await runner.jobs.createJob(aShellJob(`echo $$ >>${at('pids')}; sleep 1000`))
    await runner.jobs.createJob(aShellJob(`echo $$ >>${at('pids')}; sleep 1000`, { name: 'other' }))
    await pids(2)
    await runner.jobs.stopJob(object)
    await observeUntil(runner.jobs, 'the pod has ended', ({ pods }) => pods[0]?.status.phase === 'Failed')
    const other = await observeJob(runner.jobs, 'other')
    expect(podEnds(other)).toEqual(['Running -'])
    await runner.jobs.stopJob(other.job)
    await observeUntil(runner.jobs, 'the other has ended', ({ pods }) => pods[0]?.status.phase === 'Failed', 'other')
  })

  it('start in no further container once their Job is stopped', async () => {
    const slow = (name: string) => ({ name, command: shell(`echo $$ >>${at('pids')}; trap "exit 0" TERM; while :; do sleep 0.02; done`) })
    const { object } = await runner.jobs.createJob(aShellJob('', { pod: { initContainers: [slow('a'), slow('b')], containers: [slow('c')] } }))
    await pids(1)
    await runner.jobs.stopJob(object)
    const seen = await observeUntil(runner.jobs, 'the pod has ended', ({ pods }) => pods[0]?.status.phase === 'Failed')
    expect(seen.pods[0]?.status.initContainerStatuses?.map(({ state }) => Object.keys(state ?? {})[0])).toEqual(['terminated', 'waiting'])
    await pids(1)
  })

  it('leave their folders to be cleared, also read-only ones, while the log stays', async () => {
    await runner.jobs.createJob(aShellJob('mkdir -p deep/er; touch deep/er/file; chmod -R a-w deep; echo kept'))
    await untilEnded(runner.jobs)
    const pod = join(home.path, 'data/jobs/default/nightly-load/pods/0')
    await eventually('the folders are gone', () => !existsSync(join(pod, 'work')) && !existsSync(join(pod, 'volumes')))
    const { job } = await observeJob(runner.jobs)
    expect(await runner.jobs.readLogTail(job, 100)).toBe('kept\n')
    await runner.jobs.releaseJob(job)
    await runner.jobs.deleteJob(job)
    expect(readdirSync(join(home.path, 'data/jobs/default'))).toEqual([])
    expect(readdirSync(join(home.path, 'data/tmp'))).toEqual([])
  })
})

describe('a Job waits on the clock that is given', () => {
  it('for its next try, and for its deadline', async () => {
    const home = await makeFolder()
    mkdirSync(join(home.path, 'data'))
    const clock = createMovableClock()
    const runner = await openRunner(join(home.path, 'data'), { clock })
    await runner.jobs.createJob(aShellJob('exit 1', { spec: { backoffLimit: 5, activeDeadlineSeconds: 20 } }))
    for (const waitMs of [1000, 2000, 4000, 8000]) {
      const before = await observeUntil(runner.jobs, 'the try has failed', ({ pods }) => pods.at(-1)?.status.phase === 'Failed')
      clock.advance(waitMs - 1)
      expect((await observeJob(runner.jobs)).pods).toHaveLength(before.pods.length)
      clock.advance(1)
      await observeUntil(runner.jobs, 'the next try has begun', ({ pods }) => pods.length === before.pods.length + 1)
    }
    await observeUntil(runner.jobs, 'the try has failed', ({ pods }) => pods.at(-1)?.status.phase === 'Failed')
    clock.advance(5000)
    expect(endOf(await untilEnded(runner.jobs))).toBe('DeadlineExceeded')
    expect((await runner.jobs.observeJobs(RUN))[0]?.pods).toHaveLength(5)
    await runner.close()
    await home.remove()
  })
})
