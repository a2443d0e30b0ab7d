import { excerpt } from '../excerpt.ts'
import { hereOrDefaults } from './here-or-defaults.ts'
import type { WorkflowRule } from './rule.ts'

/** Kubernetes needs an image for every container. */
export const missingImage: WorkflowRule = {
  id: 'missing-image',
  severity: 'error',
  check({ document, steps, finally: last, defaults, hasUnknownFields }) {
    if (hasUnknownFields(defaults)) return []
    const without = [...steps, ...last].filter((step) => step.kind === 'Container' && !step.field('image') && !hasUnknownFields(step.node))
    return without.map(({ name, at }) => ({
      at,
      message: `${name === null ? 'the step' : `step ${excerpt(name)}`} needs an image; add "image" ${hereOrDefaults(document)}`,
    }))
  },
}
