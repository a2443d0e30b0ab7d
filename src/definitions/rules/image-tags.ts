import { excerpt } from '../excerpt.ts'
import { holdsExpression } from '../expressions/template.ts'
import type { Finding } from '../problem.ts'
import { textOf, type SourceEntry } from '../source/source-node.ts'
import type { StepSource, WorkflowSource } from '../workflow-source.ts'
import type { WorkflowRule } from './rule.ts'

/** Another image tomorrow under the same name: runs are not alike, and nobody sees why. */
export const imageLatest: WorkflowRule = {
  id: 'image-latest',
  severity: 'warning',
  check: (workflow) =>
    eachImage(workflow).flatMap(({ image, at }): Finding[] => {
      const tag = tagOf(image)
      if (tag === 'digest' || (tag !== null && tag !== 'latest')) return []
      const problem = tag === null ? 'has no tag, which means latest' : 'is whatever was pushed last'
      return [{ at, message: `the image ${excerpt(image)} ${problem}; name a version, or a digest` }]
    }),
}

/** The key of the cache holds the image as written: a tag that moves is another image under an equal key. */
export const cachedTag: WorkflowRule = {
  id: 'cached-tag',
  severity: 'warning',
  check: (workflow) =>
    eachImage(workflow).flatMap(({ image, at, steps }): Finding[] => {
      if (tagOf(image) === 'digest' || !steps.some(isCached)) return []
      return [{ at, message: `a cached step runs ${excerpt(image)} by its tag: when the tag moves the cache does not notice; name a digest` }]
    }),
}

interface UsedImage {
  image: string
  at: number
  steps: StepSource[]
}

/** Each image once, where it is written, with the steps that run it. */
function eachImage({ steps, finally: last }: WorkflowSource): UsedImage[] {
  const used = new Map<SourceEntry, UsedImage>()
  for (const step of [...steps, ...last]) {
    const entry = step.kind === 'Container' ? step.field('image') : undefined
    const image = textOf(entry?.value)
    if (!entry || image === null || holdsExpression(image)) continue
    const known = used.get(entry)
    if (known) known.steps.push(step)
    else used.set(entry, { image, at: entry.value.start, steps: [step] })
  }
  return [...used.values()]
}

function tagOf(image: string): string | null {
  if (image.includes('@')) return 'digest'
  const name = image.split('/').at(-1) ?? ''
  const colon = name.indexOf(':')
  return colon < 0 ? null : name.slice(colon + 1)
}

function isCached(step: StepSource): boolean {
  const cache = step.field('cache')?.value.json
  return cache !== undefined && cache !== false && cache !== null
}
