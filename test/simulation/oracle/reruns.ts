import { isDeepStrictEqual } from 'node:util'
import type { RunFacts } from '../facts.ts'
import type { Case } from './case.ts'

/** Judges a rerun when it is created: of a run that has finished, at its commit, taking over nothing but what succeeded there. */
export function checkRerun(input: Case, { name, run }: RunFacts): void {
  const { spec } = run
  const origin = input.facts.runs.get(spec.rerunOf ?? '')
  if (spec.trigger.kind !== 'Rerun' || origin === undefined)
    return input.complain('rerun-of-nothing', `run ${name} (${spec.trigger.kind}) is no rerun`)
  if (origin.finishedAtMs === null) input.complain('rerun-early', `run ${name} repeats ${origin.name}, which has not finished`)
  const { workflow, commit } = origin.run.spec
  // A record tells the values of all params.
  const params = origin.isGone ? (origin.run.status?.params ?? origin.run.spec.params) : origin.run.spec.params
  if (!isDeepStrictEqual({ workflow: spec.workflow, commit: spec.commit, params: spec.params }, { workflow, commit, params }))
    input.complain('rerun-other', `run ${name} is not what ${origin.name} was`)
  for (const carried of spec.carriedOver ?? []) {
    const steps = origin.run.status?.steps.filter((step) => step.name === carried.name) ?? []
    const done = steps.find(({ kind }) => kind !== 'Undo')
    if (done?.result !== 'Succeeded')
      input.complain('carried-over', `run ${name} takes ${carried.name} over, which was ${done?.result ?? 'not there'}`)
    if (steps.some(({ kind, result }) => kind === 'Undo' && result !== 'Skipped'))
      input.complain('carried-over', `run ${name} takes ${carried.name} over, which was undone`)
    if (!isDeepStrictEqual(done?.results, carried.results))
      input.complain('carried-over', `run ${name} takes ${carried.name} over with other results`)
  }
}
