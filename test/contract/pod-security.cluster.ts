import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { restrictPod } from '../../src/definitions/policy/restrict-pod.ts'
import { POD_SECURITY_CASES } from '../support/pod-security-cases.ts'
import { openTestNamespace, realApi, type TestNamespace } from '../support/real-cluster.ts'

/*
 * What we say of a pod is what Kubernetes' own admission says of it, at each level, once its demands are filled in; of one that is older than
 * the newest that we know we may be stricter.
 */

const LEVELS = ['baseline', 'restricted'] as const

describe('pod security of a real cluster', () => {
  const api = realApi()
  const namespaces = new Map<string, TestNamespace>()

  let minor = 0

  beforeAll(async () => {
    minor = Number.parseInt(((await api.request('GET', '/version')).body as { minor: string }).minor, 10)
    for (const level of LEVELS) {
      const labels = { 'pod-security.kubernetes.io/enforce': level, 'pod-security.kubernetes.io/enforce-version': 'latest' }
      namespaces.set(level, await openTestNamespace(api, labels))
    }
  })
  afterAll(async () => {
    for (const namespace of namespaces.values()) await namespace.close()
  })

  it.each(POD_SECURITY_CASES)('$title: $wantLevel', async ({ pod, annotations, wantLevel, sinceMinor = 0 }) => {
    for (const level of LEVELS) {
      const spec = level === 'restricted' ? restrictPod(pod) : pod
      const path = `/api/v1/namespaces/${namespaces.get(level)?.name ?? ''}/pods?dryRun=All`
      const { status, body } = await api.request('POST', path, { metadata: { name: 'pod', ...(annotations && { annotations }) }, spec })
      const wantAllowed = wantLevel === 'restricted' || wantLevel === level
      const message = (body as { message?: string }).message ?? ''
      // Some are refused as such before anybody asks about security.
      const wantStatus = wantAllowed ? [201] : [403, 422, ...(minor < sinceMinor ? [201] : [])]
      expect(wantStatus, `${level}: ${message}`).toContain(status)
      if (status === 403) expect(message).toContain(`violates PodSecurity "${level}:latest"`)
    }
  })
})
