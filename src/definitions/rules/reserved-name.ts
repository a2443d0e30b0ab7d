import { childOf } from '../source/source-node.ts'
import type { WorkflowRule } from './rule.ts'

/** On the status branch `history/state/` holds Fusee's own files, beside the folders of the workflows. */
export const reservedName: WorkflowRule = {
  id: 'reserved-name',
  severity: 'error',
  check({ document }) {
    const name = childOf(document.root, 'metadata', 'name')
    return name?.json === 'state' ? [{ at: name.start, message: 'the name "state" is reserved; choose another' }] : []
  },
}
