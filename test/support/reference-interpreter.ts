import type { DependencyCondition } from '../../src/definitions/workflow.ts'

/** A workflow for the reference interpreter: only what decides results. */
export interface ReferenceWorkflow {
  failFast?: boolean
  steps: ReferenceStep[]
  finally?: ReferenceStep[]
}

/** A step for the reference interpreter, with what its Job and that of its undo come to. */
export interface ReferenceStep {
  name: string
  dependsOn?: { step: string; when: DependencyCondition }[]
  isJoin?: boolean
  if?: boolean
  allowFailure?: boolean
  fails?: boolean
  /** Somebody cancels it as soon as it runs. */
  isCancelled?: boolean
  undo?: 'Works' | 'Fails'
}

/** What ends the run early, and after how many Jobs have ended; `CancelledLate`: not before all steps have. */
export type ReferenceEnding = { kind: 'None' } | { kind: 'Cancelled' | 'TimedOut' | 'CancelledLate'; afterEnds: number }

/** What the text says that comes of it. */
export interface ReferenceRun {
  result: 'Succeeded' | 'Failed' | 'Cancelled' | 'TimedOut'
  /** `name Result`, undos as `name undo Result`, in the order of the record. */
  steps: string[]
  /** Keys of all Jobs in the order in which they begin. */
  started: string[]
}

/**
 * Works a run out from the words of the product's section 2.1, slowly and without anything of the product. Its world runs whatever may run,
 * and ends one Job after the other in the order in which they began.
 */
export function interpret(workflow: ReferenceWorkflow, ending: ReferenceEnding): ReferenceRun {
  const results = new Map<string, string>()
  const started: string[] = []
  let running: string[] = []
  let ends = 0
  let halted: 'Cancelled' | 'TimedOut' | null = null
  const { steps } = workflow

  const isGood = (step: ReferenceStep, result: string): boolean =>
    result === 'Succeeded' || result === 'Cached' || (result === 'Failed' && step.allowFailure === true)
  const verdict = (list: ReferenceStep[], name: string, when: DependencyCondition): 'Yes' | 'No' | 'Open' => {
    const step = list.find((one) => one.name === name)
    const result = results.get(name)
    if (step === undefined || result === undefined) return 'Open'
    if (when === 'Always') return 'Yes'
    if (when === 'Failed') return result === 'Failed' ? 'Yes' : 'No'
    if (when === 'Succeeded') return isGood(step, result) ? 'Yes' : 'No'
    return isGood(step, result) || result === 'Skipped' ? 'Yes' : 'No'
  }
  const begin = (list: ReferenceStep[], mayStart = true): void => {
    for (let changed = true; changed;) {
      changed = false
      for (const step of list) {
        if (results.has(step.name) || running.includes(step.name)) continue
        const verdicts = (step.dependsOn ?? []).map((dependency) => verdict(list, dependency.step, dependency.when))
        if (verdicts.includes('No')) results.set(step.name, 'Skipped')
        else if (verdicts.includes('Open')) continue
        else if (step.if === false) results.set(step.name, 'Skipped')
        else if (step.isJoin === true) results.set(step.name, 'Succeeded')
        else {
          if (mayStart) {
            running.push(step.name)
            started.push(step.name)
          }
          continue
        }
        changed = true
      }
    }
  }
  const endFirst = (list: ReferenceStep[]): void => {
    const [name = ''] = running
    running = running.slice(1)
    results.set(name, list.find((step) => step.name === name)?.fails === true ? 'Failed' : 'Succeeded')
    ends++
  }
  /** Returns whether anybody was cancelled. */
  const cancelFirst = (list: ReferenceStep[]): boolean => {
    const name = running.find((one) => list.find((step) => step.name === one)?.isCancelled === true)
    if (name === undefined) return false
    results.set(name, 'Cancelled')
    running = running.filter((one) => one !== name)
    return true
  }
  const failFast = (): void => {
    const failed = steps.filter((step) => results.get(step.name) === 'Failed' && step.allowFailure !== true).map(({ name }) => name)
    if (workflow.failFast !== true || failed.length === 0) return
    for (const step of steps) {
      if (results.has(step.name)) continue
      const waitsForIt = (step.dependsOn ?? []).some(({ step: name, when }) => failed.includes(name) && (when === 'Failed' || when === 'Always'))
      if (waitsForIt) continue
      results.set(step.name, running.includes(step.name) ? 'Cancelled' : 'Skipped')
      running = running.filter((name) => name !== step.name)
    }
  }

  for (;;) {
    // What needs no Job comes about at once, before any consequence of a failure.
    begin(steps, false)
    failFast()
    begin(steps)
    if (cancelFirst(steps)) continue
    if ((ending.kind === 'Cancelled' || ending.kind === 'TimedOut') && ends >= ending.afterEnds && running.length > 0) {
      halted = ending.kind
      for (const step of steps) {
        if (!results.has(step.name)) results.set(step.name, running.includes(step.name) ? 'Cancelled' : 'Skipped')
      }
      running = []
    }
    if (running.length === 0) break
    endFirst(steps)
  }

  const failed = steps.some((step) => results.get(step.name) === 'Failed' && step.allowFailure !== true)
  const outcome = halted ?? (failed ? 'Failed' : 'Succeeded')
  const undos = outcome === 'Failed' || outcome === 'TimedOut' ? runUndos() : new Map<string, string>()
  const last = workflow.finally ?? []
  for (begin(last); running.length > 0; begin(last)) {
    if (isCancelledLate()) halted = 'Cancelled'
    endFirst(last)
  }
  const lastFailed = last.some((step) => results.get(step.name) === 'Failed' && step.allowFailure !== true)
  return {
    result: halted === 'Cancelled' ? halted : outcome === 'Succeeded' && lastFailed ? 'Failed' : outcome,
    steps: [...steps, ...last].flatMap(({ name }) => [
      `${name} ${results.get(name)}`,
      ...(undos.has(name) ? [`${name} undo ${undos.get(name)}`] : []),
    ]),
    started,
  }

  function runUndos(): Map<string, string> {
    const undone = new Map<string, string>()
    const order = [...results.keys()].reverse()
    for (const name of order) {
      const step = steps.find((one) => one.name === name)
      if (step?.undo === undefined || step.isJoin === true || results.get(name) !== 'Succeeded') continue
      if (halted === 'Cancelled') {
        undone.set(name, 'Skipped')
        continue
      }
      started.push(`${name} undo`)
      if (isCancelledLate()) {
        halted = 'Cancelled'
        undone.set(name, 'Cancelled')
        continue
      }
      undone.set(name, step.undo === 'Works' ? 'Succeeded' : 'Failed')
      ends++
    }
    return undone
  }

  function isCancelledLate(): boolean {
    return ending.kind === 'CancelledLate' && ends >= ending.afterEnds
  }
}
