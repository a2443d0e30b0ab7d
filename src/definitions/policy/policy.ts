/** The levels of Kubernetes' Pod Security Standards, from the strictest to the one that forbids nothing. */
export const POD_SECURITY_LEVELS = ['restricted', 'baseline', 'privileged'] as const

/** One of Kubernetes' Pod Security Standards. */
export type PodSecurityLevel = (typeof POD_SECURITY_LEVELS)[number]

/** What may be named: these, or anything. */
export type AllowedNames = readonly string[] | 'Any'

/** What a push may ask for: who can push can run pods. */
export interface Policy {
  podSecurity: PodSecurityLevel
  serviceAccounts: AllowedNames
  secrets: AllowedNames
  /** Globs of image references as written; `*` is anything but `/`, `**` anything. */
  images: AllowedNames
  /** Namespaces that manifests may name; the Repository's own is among them. */
  namespaces: AllowedNames
  /** What Fusee itself uses: refused to steps, whatever else is allowed. */
  own: { serviceAccounts: readonly string[]; secrets: readonly string[] }
  /** Whether a Repository document says so. Otherwise names that it might allow are worth a warning only. */
  isStated: boolean
}

/** What a Repository document says of its policy. */
export interface WrittenPolicy {
  podSecurity?: PodSecurityLevel
  serviceAccounts?: string[]
  secrets?: string[]
  images?: string[]
  namespaces?: string[]
}

/** The policy of a Repository in this namespace; what it leaves out has the contract's defaults. */
export function statePolicy(written: WrittenPolicy, namespace: string, own: Policy['own']): Policy {
  return {
    podSecurity: written.podSecurity ?? 'baseline',
    serviceAccounts: written.serviceAccounts ?? ['default'],
    secrets: written.secrets ?? [],
    images: written.images ?? 'Any',
    namespaces: [namespace, ...(written.namespaces ?? [])],
    own,
    isStated: true,
  }
}

/** Without a Repository document, which would say what may be named: what every Repository refuses unless it says otherwise, warnings for the rest. */
export const ASSUMED_POLICY: Policy = {
  podSecurity: 'baseline',
  serviceAccounts: ['default'],
  secrets: [],
  images: 'Any',
  namespaces: 'Any',
  own: { serviceAccounts: [], secrets: [] },
  isStated: false,
}
