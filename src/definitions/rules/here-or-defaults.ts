import { childOf, textOf, type SourceDocument } from '../source/source-node.ts'

/** Where a field of a step may be written, for the end of a sentence: templates have no defaults, and those of workflows do not reach into them. */
export function hereOrDefaults({ root }: SourceDocument): string {
  return textOf(childOf(root, 'kind')) === 'StepTemplate' ? 'here' : 'here or below spec.defaults'
}
