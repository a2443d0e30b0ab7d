import { ConflictError } from '../../src/cluster/ports.ts'
import type { SimulatedCluster } from '../../src/cluster/simulated/cluster.ts'
import type { RunSpec, StoredRun } from '../../src/runs/run.ts'
import type { SeededRandom } from '../../src/simulation/seeded-random.ts'
import type { VirtualClock } from '../../src/simulation/virtual-clock.ts'
import { recordsOnBranch, type Facts, type RunFacts } from './facts.ts'
import { SLACK_MS, type Case } from './oracle/case.ts'
import { checkLabels, PEOPLES_LABEL } from './oracle/labels.ts'
import type { Trace } from './trace.ts'

/** What people do to runs and Jobs that they do not wait for. */
export const MEDDLINGS = ['CancelRun', 'CancelStep', 'DeleteRun', 'DeleteJob', 'RemoveJobByForce', 'Rerun', 'RerunFailed'] as const
/** What they do as well, in some seeds. */
export const RARE_MEDDLINGS = ['Relabel', 'RerunSwept', 'RerunSweptFailed'] as const
export type Meddling = (typeof MEDDLINGS)[number] | (typeof RARE_MEDDLINGS)[number]

/** Of those who are asked to approve, so many do. */
const APPROVERS = 0.7

/** What people ask of the controller, if it runs. */
export interface Askable {
  rerun: (run: StoredRun, key: string, failedOnly: boolean) => void
  rerunRecorded: (record: string, key: string, failedOnly: boolean) => void
}

/** People with rights on the cluster, and what they do to it. `isCalm`: nothing keeps the controller from what it has to do. */
export function createPeople(
  cluster: () => SimulatedCluster,
  facts: Facts,
  random: SeededRandom,
  trace: Trace,
  controller: Askable,
  judge: { input: Case; isCalm: () => boolean },
) {
  const asked = new Set<string>()
  let reruns = 0
  let labels = 0

  /** As `kubectl label` does: whatever the Run has become meanwhile. */
  async function label(name: string, value: string): Promise<void> {
    const { runs } = cluster()
    const run = await runs.getRun({ namespace: 'data', name })
    if (run === null) return
    try {
      await runs.updateRun({ ...run, metadata: { ...run.metadata, labels: { ...run.metadata.labels, [PEOPLES_LABEL]: value } } })
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error
    }
  }

  function relabel(clock: VirtualClock): void {
    const victim = pickRun((run) => run.finishedAtMs === null)
    if (victim === null) return
    trace.add(`Relabel ${victim.name}`)
    void label(victim.name, `l${++labels}`)
    clock.setTimer(clock.now() + SLACK_MS, () => {
      if (judge.isCalm()) checkLabels(judge.input, victim)
    })
  }

  function rerunSwept(kind: 'RerunSwept' | 'RerunSweptFailed'): void {
    const there = recordsOnBranch(facts)
    const victims = [...facts.runs.values()].filter(({ name, isGone }) => isGone && there.has(name))
    if (victims.length === 0) return
    const { name } = random.pick(victims)
    trace.add(`${kind} ${name}`)
    controller.rerunRecorded(facts.records.get(name)?.contents.at(-1) ?? '', `again ${++reruns}`, kind === 'RerunSweptFailed')
  }

  async function change(name: string, spec: (run: StoredRun) => Partial<RunSpec>): Promise<void> {
    const { runs } = cluster()
    const run = await runs.getRun({ namespace: 'data', name })
    if (run === null) return
    try {
      await runs.updateRun({ ...run, spec: { ...run.spec, ...spec(run) } })
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error
    }
  }

  function pickRun(isWanted: (run: RunFacts) => boolean): RunFacts | null {
    const victims = [...facts.runs.values()].filter((run) => !run.isGone && isWanted(run))
    return victims.length === 0 ? null : random.pick(victims)
  }

  function meddleWithRun(kind: Exclude<(typeof MEDDLINGS)[number], 'DeleteJob' | 'RemoveJobByForce'>): void {
    const isRerun = kind === 'Rerun' || kind === 'RerunFailed'
    const victim = pickRun((run) => (run.finishedAtMs === null) !== isRerun)
    if (victim === null) return
    trace.add(`${kind} ${victim.name}`)
    switch (kind) {
      case 'CancelRun':
        return void change(victim.name, () => ({ cancel: { by: 'ada', reason: 'not now' } }))
      case 'CancelStep': {
        const step = random.pick(['s0', ...(victim.run.status?.steps ?? []).map(({ name }) => name)])
        return void change(victim.name, ({ spec }) => ({ cancelSteps: [...(spec.cancelSteps ?? []), { step, by: 'ada', reason: 'stuck' }] }))
      }
      case 'DeleteRun':
        victim.deletedByUser = true
        return void cluster().runs.deleteRun(victim.run)
      case 'Rerun':
      case 'RerunFailed':
        return controller.rerun(victim.run, `again ${++reruns}`, kind === 'RerunFailed')
    }
  }

  return {
    meddle(kind: Meddling, clock: VirtualClock): void {
      if (kind === 'Relabel') return relabel(clock)
      if (kind === 'RerunSwept' || kind === 'RerunSweptFailed') return rerunSwept(kind)
      if (kind !== 'DeleteJob' && kind !== 'RemoveJobByForce') return meddleWithRun(kind)
      const heldJobs = [...facts.jobs.values()].filter((job) => !job.isGone && !job.isReleased)
      if (heldJobs.length === 0) return
      const job = random.pick(heldJobs)
      trace.add(`${kind} ${job.name}`)
      if (kind === 'DeleteJob') void cluster().jobs.deleteJob(job.job)
      else cluster().jobs.removeByForce(job.job.metadata)
    },
    /** Approves, some time after a run has come to wait for it, or never. */
    seeRun({ metadata: { name }, status }: StoredRun, clock: VirtualClock): void {
      for (const step of status?.steps ?? []) {
        const key = `${name} ${step.name}`
        if (step.kind !== 'Approval' || step.state !== 'Running' || asked.has(key)) continue
        asked.add(key)
        const draw = random.fork(key)
        if (!draw.chance(APPROVERS)) continue
        clock.setTimer(clock.now() + draw.integer(0, 60_000), () => {
          const at = new Date(clock.now()).toISOString()
          void change(name, ({ spec }) => ({ approvals: [...(spec.approvals ?? []), { step: step.name, by: 'bob', at }] }))
        })
      }
    },
  }
}
