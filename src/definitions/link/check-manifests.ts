import type { ManifestReference } from '../draft.ts'
import { excerpt } from '../excerpt.ts'
import type { FoundManifest, ManifestFile } from '../manifests/read-manifests.ts'
import { didYouMean } from '../near-names.ts'
import { repositoryPath } from '../repository-path.ts'
import { checkExpandedName } from '../rules/derived-names.ts'
import { MOST_STEPS } from '../rules/too-many-steps.ts'
import type { Diagnostic } from '../workflow.ts'
import { expandReference } from './expand-manifests.ts'
import { errorAt, type Linkage, type LinkedWorkflow } from './linker.ts'

/** What is wrong with the manifests that a workflow names, and with what depends on them. */
export function checkManifests(workflow: LinkedWorkflow, { manifests, invalid }: Linkage): Diagnostic[] {
  if (workflow.references.length === 0) return []
  const found = [
    ...workflow.references.flatMap((reference) => checkReference(workflow.file, reference, manifests)),
    ...checkExpandedNames(workflow, manifests),
    ...checkCount(workflow, manifests),
  ]
  if (found.length > 0) invalid.add(workflow)
  return found
}

function checkReference(file: string, { path, at }: ManifestReference, manifests: ReadonlyMap<string, FoundManifest>): Diagnostic[] {
  const found = manifests.get(path) ?? { kind: 'Missing' }
  switch (found.kind) {
    case 'Missing':
      return [errorAt(file, at, 'manifest-missing', describeMissing(path))]
    case 'File': {
      const { job, content, problems } = found.file.analysis
      if (job || problems.length > 0) return problemsOf(found.file)
      return [errorAt(file, at, 'manifest-no-job', `${excerpt(path)} holds ${content}; a manifest is a batch/v1 Job`)]
    }
    case 'Folder': {
      const problems = found.files.flatMap(problemsOf)
      if (problems.length > 0 || found.files.some(({ analysis }) => analysis.job)) return problems
      return [errorAt(file, at, 'manifest-no-job', `no file of the folder ${excerpt(path)} holds a batch/v1 Job; add one`)]
    }
  }
}

function describeMissing(path: string): string {
  if (!repositoryPath(path)) return `${excerpt(path)} lies outside the repository; write a path relative to its root`
  return `there is no file or folder ${excerpt(path)} in the repository; the path is relative to its root`
}

function problemsOf({ path, analysis }: ManifestFile): Diagnostic[] {
  return analysis.problems.map((problem) => ({ file: path, ...problem }))
}

/** Two files of a folder may have the same name but for their extensions; and a dependency may name a file that is not there. */
function checkExpandedNames(workflow: LinkedWorkflow, manifests: ReadonlyMap<string, FoundManifest>): Diagnostic[] {
  const known = new Set<string>()
  const problems: Diagnostic[] = []
  for (const reference of workflow.references) {
    for (const { step, path } of expandReference(reference, manifests)) {
      if (reference.step === null || step === reference.step) continue
      if (known.has(step))
        problems.push(
          errorAt(workflow.file, reference.at, 'duplicate-step', `${excerpt(path)} makes a second step ${excerpt(step)}; rename the file`),
        )
      const wrong = checkExpandedName(step)
      if (wrong !== null)
        problems.push(
          errorAt(workflow.file, reference.at, 'derived-name', `${excerpt(path)} makes the step ${excerpt(step)}, which ${wrong}; rename the file`),
        )
      known.add(step)
    }
  }
  const unknown = workflow.expandedDependencies.filter(({ step }) => !known.has(step) && isFolderKnown(step, workflow, manifests))
  const described = unknown.map(({ step, at }) =>
    errorAt(workflow.file, at, 'unknown-dependency', `there is no step ${excerpt(step)}${didYouMean(step, [...known])}`),
  )
  return [...problems, ...described]
}

/** Whether the folder's Jobs could all be read; otherwise the missing one may be among the others. */
function isFolderKnown(step: string, { references }: LinkedWorkflow, manifests: ReadonlyMap<string, FoundManifest>): boolean {
  const reference = references.find((candidate) => candidate.step === step.split('/', 1)[0])
  const found = reference && manifests.get(reference.path)
  if (!found || found.kind === 'Missing') return false
  return found.kind === 'File' || found.files.every(({ analysis }) => analysis.problems.length === 0)
}

function checkCount(workflow: LinkedWorkflow, manifests: ReadonlyMap<string, FoundManifest>): Diagnostic[] {
  if (!workflow.body) return []
  const steps = [...workflow.body.steps, ...workflow.body.finally]
  const count = steps.reduce(
    (sum, { name, work }) => sum + (work.kind === 'Reference' ? expandReference({ step: name, path: work.path }, manifests).length : 1),
    0,
  )
  if (count <= MOST_STEPS) return []
  const message = `the manifests make ${count} steps; at most ${MOST_STEPS} are allowed: split the workflow`
  return [errorAt(workflow.file, workflow.stepsAt, 'too-many-steps', message)]
}
