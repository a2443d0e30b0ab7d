import { excerpt } from '../excerpt.ts'
import { holdsExpression } from '../expressions/template.ts'
import type { Finding } from '../problem.ts'
import { childOf, textOf, type SourceNode } from '../source/source-node.ts'
import { hereAndBelow } from './nodes-of-steps.ts'
import type { WorkflowRule } from './rule.ts'

/** `[host[:port]/]name[/name…][:tag][@digest]`, as of https://github.com/distribution/reference. */
const NAME = '[a-z0-9]+(?:(?:[.]|_|__|-+)[a-z0-9]+)*'
const IMAGE = new RegExp(
  `^(?:[A-Za-z0-9.-]+(?::[0-9]+)?/|\\[[0-9a-f:]+\\](?::[0-9]+)?/)?${NAME}(?:/${NAME})*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@[^@]+)?$`,
)

/** The kubelet would say so once the pod is there, and the step would wait for its startTimeout. */
export const invalidImage: WorkflowRule = {
  id: 'invalid-image',
  severity: 'error',
  check: (workflow) => hereAndBelow(workflow).flatMap((node) => checkImage(childOf(node, 'image'))),
}

function checkImage(node: SourceNode | undefined): Finding[] {
  const image = textOf(node)
  if (!node || image === null || image === '' || holdsExpression(image)) return []
  if (!/\s/.test(image) && IMAGE.test(image)) return []
  if (/\s/.test(image)) return [{ at: node.start, message: `the image ${excerpt(image)} holds white space; take it out` }]
  const lower = image.replace(/^[^:@]*/, (name) => name.toLowerCase())
  if (lower !== image && IMAGE.test(lower)) {
    return [
      { at: node.start, message: `the image ${excerpt(image)} has upper-case letters in its name, which no registry takes; write ${excerpt(lower)}` },
    ]
  }
  return [{ at: node.start, message: `${excerpt(image)} is no image; write one as in registry.example.com/team/name:1.2` }]
}
