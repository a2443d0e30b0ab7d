import type { Api } from '../api.ts'
import type { Operation } from '../operation.ts'
import { backfillOperations } from './backfill-operations.ts'
import { logOperations } from './log-operations.ts'
import { repositoryOperations } from './repository-operations.ts'
import { runOperations } from './run-operations.ts'
import { triggerOperations } from './trigger-operations.ts'
import { whyOperations } from './why-operations.ts'

/** Every operation of `/api/v1`. */
export function allOperations(api: Api): Operation[] {
  return [
    ...repositoryOperations(api),
    ...triggerOperations(api),
    ...backfillOperations(api),
    ...runOperations(api),
    ...logOperations(api),
    ...whyOperations(api),
  ]
}
