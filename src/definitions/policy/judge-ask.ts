import { excerpt } from '../excerpt.ts'
import { matchesGlob } from '../glob.ts'
import type { Problem } from '../problem.ts'
import { formatPath } from './place.ts'
import type { Ask } from './pod-asks.ts'
import { POD_SECURITY_LEVELS, type AllowedNames, type Policy } from './policy.ts'

/** Why a policy refuses something. */
export type Refusal = Omit<Problem, 'line' | 'column'>

/** What the policy says against something that a pod asks for; null when it is allowed. */
export function judgeAsk(policy: Policy, ask: Ask): Refusal | null {
  const severity = policy.isStated ? 'error' : 'warning'
  const allow = (field: string, name: string) =>
    policy.isStated
      ? `the Repository's spec.policy.${field} does not list it`
      : `it runs only where the Repository's spec.policy.${field} lists ${name}`
  switch (ask.kind) {
    case 'PodSecurity':
      return judgePodSecurity(policy, ask)
    case 'Image': {
      if (isImageAllowed(policy.images, ask.name)) return null
      return {
        severity,
        rule: 'policy-image',
        message: `the image ${excerpt(ask.name)} is refused: no glob of the Repository's spec.policy.images matches`,
      }
    }
    case 'ServiceAccount': {
      const own = refuseOwn(policy.own.serviceAccounts, ask.name, 'service account')
      if (own !== null) return { severity: 'error', rule: 'policy-service-account', message: own }
      if (isAllowed(policy.serviceAccounts, ask.name)) return null
      const message =
        ask.path.length === 0
          ? `the service account "default" is refused, and none is named: set serviceAccountName to one of the Repository's spec.policy.serviceAccounts`
          : `the service account ${excerpt(ask.name)} is refused: ${allow('serviceAccounts', ask.name)}`
      return { severity, rule: 'policy-service-account', message }
    }
    case 'Secret': {
      const own = refuseOwn(policy.own.secrets, ask.name, 'Secret')
      if (own !== null) return { severity: 'error', rule: 'policy-secret', message: own }
      if (isAllowed(policy.secrets, ask.name)) return null
      return { severity, rule: 'policy-secret', message: `the Secret ${excerpt(ask.name)} is refused: ${allow('secrets', ask.name)}` }
    }
    case 'Namespace': {
      if (isAllowed(policy.namespaces, ask.name)) return null
      const message = `the namespace ${excerpt(ask.name)} is refused: ${allow('namespaces', ask.name)}; without "namespace" the Job runs in that of its Repository`
      return { severity, rule: 'policy-namespace', message }
    }
  }
}

function judgePodSecurity({ podSecurity }: Policy, ask: Extract<Ask, { kind: 'PodSecurity' }>): Refusal | null {
  if (POD_SECURITY_LEVELS.indexOf(ask.needs) <= POD_SECURITY_LEVELS.indexOf(podSecurity)) return null
  const message = `"${formatPath(ask.path)}" ${ask.message}, for the Repository's spec.policy.podSecurity is ${podSecurity}`
  return { severity: 'error', rule: 'policy-pod-security', message }
}

function refuseOwn(own: readonly string[], name: string, what: string): string | null {
  return own.includes(name) ? `the ${what} ${excerpt(name)} is refused whatever the policy says: Fusee itself uses it` : null
}

function isAllowed(allowed: AllowedNames, name: string): boolean {
  return allowed === 'Any' || allowed.includes(name)
}

/** An image without tag and digest is its `latest`. */
function isImageAllowed(globs: AllowedNames, image: string): boolean {
  if (globs === 'Any') return true
  const isPlain = !/[:@]/.test(image.slice(image.lastIndexOf('/') + 1))
  return globs.some((glob) => matchesGlob(glob, image) || (isPlain && matchesGlob(glob, `${image}:latest`)))
}
