import type { JsonObject } from '../container.ts'
import type { DraftStep, ManifestReference } from '../draft.ts'
import type { FoundManifest } from '../manifests/read-manifests.ts'
import { stemOf } from '../repository-path.ts'
import type { Dependency, Step } from '../workflow.ts'

/** A file that makes a step. */
export interface ExpandedManifest {
  step: string
  path: string
  job: JsonObject
}

/** The steps that a reference stands for: one of its own name for a file, one for each Job of a folder. Files that are no Job stand for none. */
export function expandReference(
  { step, path }: Pick<ManifestReference, 'step' | 'path'>,
  manifests: ReadonlyMap<string, FoundManifest>,
): ExpandedManifest[] {
  const found = manifests.get(path)
  if (!found || found.kind === 'Missing') return []
  const name = step ?? ''
  if (found.kind === 'File') {
    const { job } = found.file.analysis
    return job ? [{ step: name, path: found.file.path, job }] : []
  }
  return found.files.flatMap((file) => {
    const { job } = file.analysis
    return job ? [{ step: `${name}/${stemOf(file.path)}`, path: file.path, job }] : []
  })
}

/** Whether the step is as it will be: nothing outside of its file says what it does, and it depends on nothing twice. */
function isWhole({ work, dependsOn }: DraftStep): boolean {
  return work.kind !== 'Reference' && work.kind !== 'Use' && new Set(dependsOn.map(({ step }) => step)).size === dependsOn.length
}

/** The steps of a list with their manifests; whatever depends on a folder depends on each of its steps. */
export function expandSteps(steps: readonly DraftStep[], manifests: ReadonlyMap<string, FoundManifest>): Step[] {
  if (steps.every(isWhole)) return steps as Step[]
  const expansions = new Map<string, Step[]>(steps.map((step) => [step.name, expandStep(step, manifests)]))
  const namesOf = (name: string): string[] => expansions.get(name)?.map((step) => step.name) ?? [name]
  return [...expansions.values()].flat().map((step) => ({ ...step, dependsOn: expandDependencies(step.dependsOn, namesOf) }))
}

function expandStep({ work, ...step }: DraftStep, manifests: ReadonlyMap<string, FoundManifest>): Step[] {
  // A valid workflow has no use left.
  if (work.kind === 'Use') return []
  if (work.kind !== 'Reference') return [{ ...step, work }]
  return expandReference({ step: step.name, path: work.path }, manifests).map(({ step: name, path, job }) => ({
    ...step,
    name,
    work: { kind: 'Manifest', path, manifest: job, env: work.env },
  }))
}

function expandDependencies(dependencies: readonly Dependency[], namesOf: (name: string) => string[]): Dependency[] {
  const expanded = new Map<string, Dependency>()
  for (const { step, when } of dependencies) {
    const names = namesOf(step)
    const group = when === 'Failed' && names.length > 1 ? { anyOf: step } : {}
    for (const name of names) expanded.set(`${name} ${when} ${step}`, { step: name, when, ...group })
  }
  return [...expanded.values()]
}
