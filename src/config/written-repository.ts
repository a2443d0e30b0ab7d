// Generated from schemas/ by scripts/generate.ts: change the schemas instead.

/**
 * Lower-case letters, digits and `-`, at most 63, with a letter or digit at both ends.
 */
export type DnsLabel = string

/**
 * One branch of one Git repository that Fusee follows.
 */
export interface WrittenRepository {
  /**
   * Group and version.
   */
  apiVersion: 'fusee.dev/v1alpha1'
  /**
   * Kind of this document.
   */
  kind: 'Repository'
  /**
   * Name and namespace.
   */
  metadata: {
    /**
     * Name of the Repository, part of its runs' names.
     */
    name: string
    /**
     * Namespace; `default` when absent.
     */
    namespace?: string
    /**
     * Labels of the Repository.
     */
    labels?: {
      [k: string]: string
    }
    /**
     * Annotations of the Repository.
     */
    annotations?: {
      [k: string]: string
    }
  }
  /**
   * What is followed and how.
   */
  spec: {
    /**
     * https or ssh URL of the repository, or a local folder for the local runner. Credentials do not belong into it.
     */
    url: string
    /**
     * Which branch is followed; the repository's default branch when absent.
     */
    ref?: {
      /**
       * Name of the branch.
       */
      branch?: string
    }
    /**
     * Folder of the definitions; default `workflows`.
     */
    path?: string
    /**
     * Between two looks at a remote; default `1m`. A local folder is looked at every second.
     */
    interval?: string
    /**
     * Secret whose values may sign the hooks of this repository: each of its keys holds one, so that they can be rotated. Without it hooks are refused.
     */
    webhookSecretRef?: {
      /**
       * Name of the Secret.
       */
      name: string
    }
    /**
     * Secret with `username` and `password`, or `bearerToken`, and `ca.crt` for a certificate authority of one's own; for ssh, with `identity` (a private key, whose passphrase is `password`) and `known_hosts`.
     */
    secretRef?: {
      /**
       * Name of the Secret.
       */
      name: string
    }
    /**
     * Where and how often records are written.
     */
    history?: {
      /**
       * Another repository for the status branch; default: the followed one.
       */
      url?: string
      /**
       * Secret for `history.url`, with the same keys as the Repository's own; without it that URL is reached without credentials.
       */
      secretRef?: {
        /**
         * Name of the Secret.
         */
        name: string
      }
      /**
       * Offers the history on branches `fusee/review/<date>`, to be merged into a branch.
       */
      review?: {
        /**
         * The branch that reviews are merged into, in the repository of the status branch.
         */
        into: string
        /**
         * For so long a review takes in new records; then it stays as it is, and the next one begins. Default: 1d.
         */
        every?: string
      }
      /**
       * Signs the commits of the status branch; unsigned without it.
       */
      signingKey?: {
        /**
         * Secret with a private key, `git.asc` for OpenPGP or `identity` for ssh, and its `passphrase` when it has one.
         */
        secretRef: {
          /**
           * Name of the Secret.
           */
          name: string
        }
      }
      /**
       * The status branch; default `fusee/status`.
       */
      branch?: string
      /**
       * Runs that finish within it share a commit; default `10s`.
       */
      interval?: string
    }
    /**
     * Values that expressions of all workflows see as `vars`.
     */
    vars?: {
      [k: string]: string
    }
    /**
     * What a push may ask for.
     */
    policy?: {
      /**
       * Level of Kubernetes' Pod Security Standards that pods must keep to; default `baseline`. With `restricted`, what it demands is filled in where a step says nothing.
       */
      podSecurity?: 'baseline' | 'restricted' | 'privileged'
      /**
       * Service accounts that steps may run as; default only `default`. One that Fusee itself uses is refused all the same.
       */
      serviceAccounts?: string[]
      /**
       * Secrets that steps may use, in variables, volumes and for pulling images; default none. One that Fusee itself uses is refused all the same.
       */
      secrets?: string[]
      /**
       * Globs of image references as steps write them: `*` is anything but `/`, `**` anything; default all.
       */
      images?: string[]
      /**
       * Namespaces beside the Repository's own that manifests may name for their Jobs; default none. Each must also let the Repository's namespace make Jobs in it: see docs/policy.md.
       */
      namespaces?: DnsLabel[]
      /**
       * Most steps of all runs that are active at once; default 50.
       */
      maxParallelSteps?: number
    }
    /**
     * Starts nothing new while true; default false.
     */
    suspend?: boolean
  }
}
