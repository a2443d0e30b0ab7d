import { UNSTATED_POLICY } from '../../src/config/repository-policy.ts'
import type { RepositorySettings } from '../../src/config/repository-settings.ts'

/** Settings of a Repository of that name that says nothing but its URL: looked at every minute, recorded every ten seconds. */
export function plainSettings(name: string, url = ''): RepositorySettings {
  return {
    ref: { namespace: 'default', name },
    url,
    path: 'workflows',
    intervalSeconds: 60,
    historyIntervalSeconds: 10,
    suspend: false,
    maxParallelSteps: 50,
    vars: {},
    policy: UNSTATED_POLICY,
  }
}
