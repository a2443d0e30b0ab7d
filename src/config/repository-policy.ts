import { ASSUMED_POLICY, statePolicy, type Policy } from '../definitions/policy/policy.ts'
import type { RepositoryDocument } from './repository-document.ts'

/** Namespace of a Repository document that names none. */
export const DEFAULT_NAMESPACE = 'default'

/** The policy that a Repository document states; defaults filled in. */
export function policyOf(document: RepositoryDocument): Policy {
  const { metadata, spec } = document
  return statePolicy(spec.policy, metadata.namespace ?? DEFAULT_NAMESPACE, { serviceAccounts: [], secrets: secretsOf(document) })
}

/** Without a document nobody has said which names are allowed, and whoever started this has put the Secrets there: only pod security counts. */
export const UNSTATED_POLICY: Policy = { ...ASSUMED_POLICY, serviceAccounts: 'Any', secrets: 'Any' }

/** The Secrets that Fusee itself uses for this Repository. */
function secretsOf({ spec }: RepositoryDocument): string[] {
  const { history } = spec
  return [spec.secretRef, spec.webhookSecretRef, history.secretRef, history.signingKey?.secretRef].flatMap((ref) => ref?.name ?? [])
}
