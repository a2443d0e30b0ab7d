import type { Finding } from '../problem.ts'
import type { JobView } from './job-view.ts'

/** Something that Kubernetes' API server refuses and that needs a look at several fields. It stays silent about what the schema says already, and about what an expression makes. */
export interface KubernetesRule {
  id: string
  /** Where none of these fields is, there is nothing to look at. */
  about: readonly string[]
  check(job: JobView): Finding[]
}
