import type { ManifestReference, WithOthers } from '../draft.ts'
import type { FoundManifest } from '../manifests/read-manifests.ts'
import type { Diagnostic } from '../workflow.ts'
import type { Linkage, LinkedWorkflow } from './linker.ts'
import { resultsOfTemplates } from './templates.ts'

/** What is wrong with expressions, the workflow's own and those of its manifests, once it is known what manifests and templates are. */
export function checkWithOthers(workflow: LinkedWorkflow, linkage: Linkage): Diagnostic[] {
  const { file, references, withOthers } = workflow
  if (!withOthers) return []
  const known = withOthers({ isFolder: (step) => isFolder(step, workflow, linkage), resultsOf: resultsOfTemplates(linkage.templates) })
  const found = [
    ...known.problems.map((problem) => ({ file, ...problem })),
    ...references.flatMap((reference) => checkManifestExpressions(known, reference, linkage)),
  ]
  if (found.length > 0) linkage.invalid.add(workflow)
  return found
}

/** Whether the manifest of this step is a folder; null where there is none. */
function isFolder(step: string, { references }: LinkedWorkflow, { manifests }: Linkage): boolean | null {
  const { path = '' } = references.find((candidate) => candidate.step === step) ?? {}
  const { kind = 'Missing' } = manifests.get(path) ?? {}
  return kind === 'Missing' ? null : kind === 'Folder'
}

/** The same manifest may suit one step and not another: what its expressions name is what the step sees. */
function checkManifestExpressions(known: WithOthers, { step, path }: ManifestReference, { manifests, language }: Linkage): Diagnostic[] {
  const found = manifests.get(path)
  if (!found || found.kind === 'Missing' || step === null) return []
  return filesOf(found).flatMap(({ path: file, analysis }) => {
    const scope = analysis.checkExpressions ? known.scopeOf(step) : null
    return scope ? (analysis.checkExpressions?.(scope, language) ?? []).map((problem) => ({ file, ...problem })) : []
  })
}

function filesOf(found: Exclude<FoundManifest, { kind: 'Missing' }>) {
  return found.kind === 'File' ? [found.file] : found.files
}
