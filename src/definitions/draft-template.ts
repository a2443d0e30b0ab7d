import type { GivenParam, TemplateDraft, TemplateUse } from './draft.ts'
import { normaliseParams } from './normalise/normalise-workflow.ts'
import { normaliseTemplateStep } from './normalise/normalise-step.ts'
import { placeWorkflowAsks } from './policy/place-asks.ts'
import { childOf, entriesOf, entryOf, textOf, type SourceDocument, type SourceNode } from './source/source-node.ts'
import type { WorkflowSource } from './workflow-source.ts'
import type { WrittenParam, WrittenStepTemplate } from './written.ts'

/** The draft of a StepTemplate document; none when its name cannot be read. */
export function draftTemplate(source: WorkflowSource, isValid: boolean): TemplateDraft[] {
  const { document, spec, isDamaged } = source
  const nameNode = childOf(document.root, 'metadata', 'name')
  const name = textOf(nameNode)
  if (!nameNode || name === null) return []
  const params = childOf(spec, 'params')
  const step = childOf(spec, 'step')
  const written = document.root.json as unknown as WrittenStepTemplate
  return [
    {
      name,
      nameAt: document.positionAt(nameNode.start),
      params:
        params && (params.kind !== 'Map' || isDamaged(params))
          ? null
          : normaliseParams((params?.json ?? {}) as unknown as Record<string, WrittenParam>),
      body: isValid ? normaliseTemplateStep(written.spec.step) : null,
      use: step ? draftUse(document, step, isDamaged) : null,
      asks: placeWorkflowAsks(source),
    },
  ]
}

/** Which template a step uses, and with what; null when it uses none. */
export function draftUse(document: SourceDocument, step: SourceNode, isDamaged: (node: SourceNode | undefined) => boolean): TemplateUse | null {
  const use = entryOf(step, 'use')
  const template = textOf(use?.value)
  if (!use || template === null) return null
  const values = entryOf(step, 'with')
  return {
    template,
    at: document.positionAt(use.value.start),
    given: values && isDamaged(values.value) ? null : entriesOf(values?.value).map((entry) => givenParam(document, entry)),
    withAt: document.positionAt((values ?? use).key.start),
  }
}

function givenParam(document: SourceDocument, [name, { key, value }]: ReturnType<typeof entriesOf>[number]): GivenParam {
  return { name, value: value.json, nameAt: document.positionAt(key.start), valueAt: document.positionAt(value.start) }
}
